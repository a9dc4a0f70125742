//! Machines as bytes.
//!
//! A snapshot is taken between two `run`s. It holds what the fibers, the variables and the
//! continuations reach, the counters, and nothing that the module gives back: no code, no
//! constants, no caches. It belongs to one program, named by the digest of its artifact.
//!
//! Layout: magic, digest of the program (32 bytes), BLAKE3 of the rest (32 bytes), the rest.
//! Numbers are LEB128 varints of 64 bits, doubles eight bytes. What a machine is made of is
//! described once, in `parts.rs`; gathering, writing and reading follow that description.
//! Counts of holders are not stored: reading counts them.

mod check;

mod parts;

mod read;

mod wire;

mod write;

use std::fmt;
use std::sync::Arc;

use prism_bytecode::Verified;

use crate::machine::Machine;

const MAGIC: [u8; 8] = *b"prismsn\x03";
const HEADER: usize = 8 + 32 + 32;

/// Why bytes do not make a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// Not a snapshot, or one of another version.
    NotASnapshot,
    /// A snapshot of another program.
    OtherProgram,
    /// The checksum does not fit.
    Damaged,
    /// The checksum fits, and still the content makes no sense.
    Malformed(&'static str),
}

impl RestoreError {
    /// The code, with a page.
    pub fn code(&self) -> &'static str {
        match self {
            RestoreError::OtherProgram => "P0906",
            RestoreError::NotASnapshot | RestoreError::Damaged | RestoreError::Malformed(_) => {
                "P0907"
            }
        }
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::NotASnapshot => write!(f, "the bytes are not a snapshot"),
            RestoreError::OtherProgram => write!(f, "the snapshot belongs to another program"),
            RestoreError::Damaged => write!(f, "the snapshot is damaged: its checksum differs"),
            RestoreError::Malformed(what) => write!(f, "the snapshot is malformed: {what}"),
        }
    }
}

impl std::error::Error for RestoreError {}

impl Machine {
    /// The machine as bytes; `None` once the program has ended. The machine goes on as before.
    /// Two machines of one program that went the same way give the same bytes.
    pub fn snapshot(&mut self) -> Option<Vec<u8>> {
        if self.has_ended() {
            return None;
        }
        let content = write::content(self);
        let mut bytes = Vec::with_capacity(HEADER + content.len());
        bytes.extend(MAGIC);
        bytes.extend(self.program().digest());
        bytes.extend(blake3::hash(&content).as_bytes());
        bytes.extend(content);
        Some(bytes)
    }

    /// The machine of a snapshot, with the limits it had. It goes on as the original would.
    pub fn restore(module: Arc<Verified>, bytes: &[u8]) -> Result<Machine, RestoreError> {
        let Some((header, content)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(RestoreError::NotASnapshot);
        };
        if !header.starts_with(&MAGIC) {
            return Err(RestoreError::NotASnapshot);
        }
        if header[8..40] != module.digest() {
            return Err(RestoreError::OtherProgram);
        }
        if header[40..] != *blake3::hash(content).as_bytes() {
            return Err(RestoreError::Damaged);
        }
        read::machine(module, content)
    }
}
