//! What stops code generation, in words and with codes. The only file that speaks.

use std::fmt;

use prism_ir::function::{Source, Text};
use prism_ir::{Broken, VerifyError};

/// Why there is no bytecode. All but [`EmitError::Broken`] are limits that a program can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmitError {
    /// More values are needed at one place than a function has registers.
    TooManyRegisters { function: Text, source: Source },
    /// More parameters or captures than a function can have.
    TooManyParameters { function: Text },
    /// A table of the module or the code of a function is full.
    TooLarge { what: &'static str },
    /// The IR is not well formed, or nested too deep.
    Broken(VerifyError),
}

impl EmitError {
    /// The code, with a page.
    pub fn code(&self) -> &'static str {
        match self {
            EmitError::TooManyRegisters { .. } | EmitError::TooManyParameters { .. } => "P0801",
            EmitError::Broken(VerifyError { broken: Broken::TooDeep, .. }) => "P0802",
            EmitError::TooLarge { .. } => "P0803",
            EmitError::Broken(_) => "P0899",
        }
    }

    /// Where in the text, when it is one place.
    pub fn source(&self) -> Option<Source> {
        match self {
            EmitError::TooManyRegisters { source, .. } => Some(*source),
            EmitError::Broken(error) => Some(error.source),
            EmitError::TooManyParameters { .. } | EmitError::TooLarge { .. } => None,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            EmitError::TooManyRegisters { .. } => {
                "move a part of it into a function of its own, or keep the values in an object"
            }
            EmitError::TooManyParameters { .. } => "pass an object instead",
            EmitError::TooLarge { .. } => "load large data as input instead of writing it as code",
            EmitError::Broken(VerifyError { broken: Broken::TooDeep, .. }) => {
                "move the inner part into a function of its own"
            }
            EmitError::Broken(_) => "this is a mistake of the compiler; please report it",
        }
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EmitError::TooManyRegisters { function, .. } => {
                write!(f, "`{function}` needs more than 250 values at the same time")
            }
            EmitError::TooManyParameters { function } => {
                write!(f, "`{function}` has more than 200 parameters or captured variables")
            }
            EmitError::TooLarge { what } => write!(f, "the program has too many {what}"),
            EmitError::Broken(VerifyError {
                function, broken: broken @ Broken::TooDeep, ..
            }) => {
                write!(f, "`{function}` {broken}")
            }
            EmitError::Broken(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for EmitError {}
