//! What functions and methods of the machine take. Only what they never take counts: such a call
//! ends the run.

use prism_hir::builtins::Receiver;

use crate::types::Kinds;

/// The kind of argument that a function of the machine relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Number,
    Text,
    /// An array has keys as well.
    Object,
}

impl Wanted {
    /// Kinds that are refused. Null stands for an argument that is left out.
    pub(crate) fn never(self) -> Kinds {
        let others = Kinds::BOOLEAN.or(Kinds::FUNCTION);
        match self {
            Wanted::Number => others.or(Kinds::TEXT).or(Kinds::ARRAY).or(Kinds::OBJECT),
            Wanted::Text => others.or(Kinds::NUMBER).or(Kinds::ARRAY).or(Kinds::OBJECT),
            Wanted::Object => others.or(Kinds::NUMBER).or(Kinds::TEXT),
        }
    }
}

/// What a method takes at a place; `None`: anything.
pub(crate) fn method_wants(receiver: Receiver, name: &str, index: usize) -> Option<Wanted> {
    use Wanted::{Number, Text};
    match (receiver, name, index) {
        (
            Receiver::Text,
            "at" | "charAt" | "charCodeAt" | "codePointAt" | "repeat" | "padStart" | "padEnd"
            | "slice" | "substring" | "substr",
            0,
        )
        | (
            Receiver::Text,
            "slice" | "substring" | "substr" | "split" | "includes" | "indexOf" | "lastIndexOf"
            | "startsWith" | "endsWith",
            1,
        )
        | (Receiver::Array, "at" | "with" | "slice" | "toSpliced" | "flat", 0)
        | (Receiver::Array, "slice" | "toSpliced" | "fill", 1)
        | (Receiver::Array, "fill", 2)
        | (Receiver::Number, "toFixed" | "toPrecision" | "toString", 0) => Some(Number),
        (
            Receiver::Text,
            "includes" | "indexOf" | "lastIndexOf" | "startsWith" | "endsWith" | "replace"
            | "replaceAll" | "split" | "localeCompare",
            0,
        )
        | (Receiver::Text, "replace" | "replaceAll" | "padStart" | "padEnd", 1)
        | (Receiver::Array, "join", 0) => Some(Text),
        _ => None,
    }
}

/// The same of a function.
pub(crate) fn function_wants(name: &str, index: usize) -> Option<Wanted> {
    match (name, index) {
        ("String.fromCharCode" | "String.fromCodePoint", _)
        // The only argument may be an array of numbers.
        | ("max" | "min" | "parseInt" | "Number.parseInt", 1..) => Some(Wanted::Number),
        ("JSON.parse", 0) => Some(Wanted::Text),
        ("Object.keys" | "Object.values" | "Object.entries", 0) => Some(Wanted::Object),
        _ => name.starts_with("Math.").then_some(Wanted::Number),
    }
}
