//! What can be wrong with an artifact or a module, in words and with codes.

use std::fmt;
use std::sync::Arc;

use crate::FunctionId;

/// Why bytes are not a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    NotAnArtifact,
    /// Of another version of the format or of the opcode table.
    OtherVersion,
    TooLarge,
    /// The checksum does not fit the content.
    Damaged,
    /// The checksum fits, and still the content makes no sense.
    Malformed(&'static str),
    /// It calls a function that this machine does not have.
    UnknownNative(Arc<str>),
}

impl DecodeError {
    /// The code, with a page.
    pub fn code(&self) -> &'static str {
        match self {
            DecodeError::NotAnArtifact => "P0901",
            DecodeError::OtherVersion | DecodeError::UnknownNative(_) => "P0902",
            DecodeError::Damaged => "P0903",
            DecodeError::Malformed(_) | DecodeError::TooLarge => "P0904",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            DecodeError::NotAnArtifact => "`prismc build FILE -o OUT` makes an artifact",
            DecodeError::OtherVersion | DecodeError::UnknownNative(_) => {
                "build the program again with the `prismc` that belongs to this `prism`"
            }
            DecodeError::TooLarge | DecodeError::Damaged | DecodeError::Malformed(_) => {
                "build the program again, or copy the artifact again"
            }
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::NotAnArtifact => write!(f, "the file is not a Prism artifact"),
            DecodeError::OtherVersion => {
                write!(f, "the artifact was built by another version of `prismc`")
            }
            DecodeError::TooLarge => write!(f, "the artifact is larger than 256 MiB"),
            DecodeError::Damaged => write!(f, "the artifact is damaged: its checksum differs"),
            DecodeError::Malformed(what) => write!(f, "the artifact is malformed: {what}"),
            DecodeError::UnknownNative(name) => {
                write!(f, "the artifact needs the function `{name}`, which this machine lacks")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// Why a module may not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The function at fault, `None` for the tables of the module.
    pub function: Option<FunctionId>,
    /// The instruction at fault, in words from the start of the function.
    pub pc: Option<u32>,
    pub what: String,
}

impl VerifyError {
    /// The code, with a page.
    pub fn code(&self) -> &'static str {
        "P0905"
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the module does not verify: ")?;
        if let Some(function) = self.function {
            write!(f, "function {}", function.0)?;
            if let Some(pc) = self.pc {
                write!(f, ", word {pc}")?;
            }
            write!(f, ": ")?;
        }
        write!(f, "{}", self.what)
    }
}

impl std::error::Error for VerifyError {}
