//! What a host and a machine say to each other.
//!
//! The host makes a machine, calls `run`, and gets an [`Outcome`]. `Perform` lists the requests
//! that are new; the host answers each with an [`Answer`], in any order, and calls `run` again.

use std::fmt;
use std::sync::Arc;

use crate::Data;

/// What a machine may use. Exceeding a limit is a trap that the program cannot catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One unit per back edge and per call.
    pub fuel: u64,
    /// Bytes of heap and registers.
    pub memory: usize,
    /// Calls that are active at the same time in one fiber.
    pub depth: u32,
    /// Requests over the life of the machine.
    pub requests: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { fuel: 10_000_000_000, memory: 1 << 30, depth: 10_000, requests: 1_000_000 }
    }
}

/// Why `run` came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The entry function returned.
    Done(Data),
    /// The program failed, or broke a limit.
    Trap(Trap),
    /// Every fiber waits. The requests are those made since the last `run`; the list is empty
    /// when all fibers still wait for older ones.
    Perform(Vec<Request>),
}

/// Names a request within its machine; counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// An operation that the host must carry out.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub id: RequestId,
    /// `agent.call`, `llm`, `time.now`, …
    pub effect: Arc<str>,
    /// The fiber, the calls on the way, the site and how often it was asked there: the same in
    /// every run that goes the same way.
    pub effect_id: Arc<str>,
    pub args: Vec<Data>,
    /// The place in the program; for a request of the library, that of its caller where there is
    /// one.
    pub at: Option<Location>,
}

/// What the host answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Value(Data),
    /// Thrown where the effect was performed.
    Error(EffectError),
}

/// An effect that failed; a `catch` of the program sees `{message, code, data}`.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectError {
    pub code: Arc<str>,
    pub message: Arc<str>,
    pub data: Data,
}

/// Why a program ended without a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Trap {
    /// `P10xx` for an error of the program that nobody caught, `P11xx` for a limit.
    pub code: &'static str,
    pub message: String,
    pub at: Option<Location>,
    /// Active functions, innermost first, at most a few dozen.
    pub frames: Vec<TrapFrame>,
    /// What was thrown, for an error of the program.
    pub data: Data,
}

/// One active function of a trap.
#[derive(Clone, Debug, PartialEq)]
pub struct TrapFrame {
    pub function: Arc<str>,
    pub at: Option<Location>,
}

/// A place in the source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub file: Arc<str>,
    /// Byte offsets in the file.
    pub start: u32,
    pub end: u32,
    /// Counted from 1.
    pub line: u32,
    pub column: u32,
}

/// A module and inputs that do not make a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// An input that is nested too deep.
    InputTooDeep(Arc<str>),
    /// The inputs alone exceed the memory limit.
    OutOfMemory,
}

/// An answer that the machine does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResumeError {
    /// No request of this id waits: it was answered, cancelled, or never made.
    NotWaiting(RequestId),
    /// The answer is nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    TooDeep(RequestId),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::InputTooDeep(name) => write!(f, "the input `{name}` is nested too deep"),
            LoadError::OutOfMemory => write!(f, "the inputs exceed the memory limit"),
        }
    }
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResumeError::NotWaiting(id) => write!(f, "request {} does not wait", id.0),
            ResumeError::TooDeep(id) => {
                write!(f, "the answer to request {} is nested too deep", id.0)
            }
        }
    }
}

impl std::error::Error for Trap {}
impl std::error::Error for LoadError {}
impl std::error::Error for ResumeError {}
