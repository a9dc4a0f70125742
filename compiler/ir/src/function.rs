//! Modules, functions, regions and values.

use std::sync::Arc;

use la_arena::{Arena, Idx};

use crate::op::{Exit, Op};

pub type Text = Arc<str>;
pub type Value = Idx<Facts>;
pub type OpId = Idx<Op>;
pub type RegionId = Idx<Region>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FunctionId(pub u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GlobalId(pub u32);

/// A whole program: every module it reaches, linked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Module {
    /// Paths of the source files; [`Source::file`] indexes them.
    pub files: Vec<SourceFile>,
    /// Index = [`FunctionId`].
    pub functions: Vec<Function>,
    /// Module variables that functions share. Index = [`GlobalId`].
    pub globals: Vec<Text>,
    /// Names the host supplies (`input`, `agents`, …) and the globals that receive them.
    pub inputs: Vec<(Text, GlobalId)>,
    /// Methods written in Prism: `kind.name` ("array", "map") and the function, receiver first.
    pub methods: Vec<Method>,
    /// `test` blocks by name; their functions take nothing. Empty in a program that is to run.
    pub tests: Vec<(Text, FunctionId)>,
    /// Runs the modules in import order; its result is the program's.
    pub entry: FunctionId,
    /// Facts for people and hosts: pattern name, version, required capabilities, …
    pub metadata: Vec<(Text, Text)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SourceFile {
    pub path: Text,
    /// Byte offset of the start of each line.
    pub line_starts: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Method {
    pub kind: Text,
    pub name: Text,
    pub function: FunctionId,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Function path: `main`, `review`, `review.lambda`, `@prism/execution.parallel`.
    pub name: Text,
    pub params: Vec<Param>,
    /// Values and cells taken from where the function was made, in order.
    pub captures: Vec<Text>,
    pub values: Arena<Facts>,
    pub ops: Arena<Op>,
    pub regions: Arena<Region>,
    /// Its parameters are the function's parameters followed by its captures.
    pub body: RegionId,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub name: Text,
    /// The caller may leave it out; the body then sees *absent* (see [`crate::op::OpKind::IsAbsent`]).
    pub is_optional: bool,
    /// Receives an array of all further arguments; only the last one can be.
    pub is_rest: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    pub params: Vec<Value>,
    pub ops: Vec<OpId>,
    pub exit: Exit,
    /// Where the exit was written.
    pub exit_source: Source,
}

/// A place in the text: file, byte start, byte end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Source {
    pub file: u32,
    pub start: u32,
    pub end: u32,
}

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    pub ty: Ty,
    /// Never a confident value: the machine need not look.
    pub is_plain: bool,
    /// The interval of the confidence it can have; a plain value counts as 1.
    pub confidence: Interval,
}

impl Facts {
    pub const ANY: Facts =
        Facts { ty: Ty::Any, is_plain: false, confidence: Interval { low: 0.0, high: 1.0 } };

    pub const fn plain(ty: Ty) -> Facts {
        Facts { ty, is_plain: true, confidence: Interval { low: 1.0, high: 1.0 } }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// The types that matter to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ty {
    Any,
    Null,
    Boolean,
    Number,
    Text,
    Array,
    Object,
    Function,
    Agent,
    /// A shared variable; never a value of the language.
    Cell,
}
