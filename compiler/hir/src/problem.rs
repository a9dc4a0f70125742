//! What name resolution finds wrong, as data; the words are in `diagnostics.rs`.

use prism_span::RelSpan;

use crate::body::{Bits, Text};

/// A mistake and where it stands in its item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub at: RelSpan,
    pub kind: ProblemKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// `may_throw`: inside a `try` with a `catch`, where the program may mean it.
    UndefinedName {
        name: Text,
        nearest: Option<Text>,
        may_throw: bool,
    },
    Duplicate {
        name: Text,
        first: RelSpan,
    },
    NoExport {
        module: Text,
        name: Text,
        nearest: Option<Text>,
    },
    NoModule {
        specifier: Text,
        reason: NoModule,
        nearest: Option<Text>,
    },
    /// `keyword`: the `const` to turn into `let`.
    AssignToConstant {
        name: Text,
        what: Constant,
        keyword: Option<RelSpan>,
    },
    UsedBeforeDeclaration {
        name: Text,
        declared: RelSpan,
    },
    NoMember {
        of: Text,
        member: Text,
        nearest: Option<Text>,
    },
    NoEffect {
        name: Text,
        nearest: Option<Text>,
    },
    /// A handler clause that names an effect and no operation.
    NoOperation {
        effect: Text,
    },
    ReturnOutside,
    BreakOutside,
    ContinueOutside,
    ResumeOutside,
    /// `resume` in a function inside the clause.
    ResumeInFunction,
    /// `T ~>= 1.5`.
    BoundOutOfRange {
        value: Bits,
    },
    UnknownType {
        name: Text,
        nearest: Option<Text>,
    },
    /// `type A = A`: `by_way_of` are the others of the circle.
    TypeOfItself {
        name: Text,
        by_way_of: Vec<Text>,
    },
    /// `Pair<number>` of a type with two parameters.
    TypeArguments {
        name: Text,
        given: usize,
        wanted: usize,
    },
    /// An agent's `provenance` that is no level.
    UnknownLevel {
        name: Text,
        nearest: Option<Text>,
    },
    NotAPlace,
    /// `let 5 = x`: only an arm of `match` asks for a literal.
    LiteralBound,
    /// `if e ~> 0.9 verified`: the machine knows no levels.
    LevelInGate,
    StageWithoutValue,
    PlaceholderOutside,
    NoArms,
    NotAValue {
        name: Text,
        what: NotAValue,
    },
    UnknownBand {
        name: Text,
    },
    /// Limits of bands that are a value, or spread.
    BandsNotWritten {
        text: Text,
    },
    TopLevelOnly {
        what: &'static str,
    },
    ShadowsBuiltIn {
        name: Text,
    },
    ExportUndeclared {
        name: Text,
        nearest: Option<Text>,
    },
    SpreadToEffect,
    /// The default of an operation's parameter is no literal.
    DefaultOfOperation,
    /// Two exports with the same name.
    ExportTwice {
        name: Text,
    },
    HeaderJson {
        key: Text,
        error: Text,
    },
    HeaderKey {
        key: Text,
        nearest: Option<Text>,
    },
    /// A key inside the value of the key `of`.
    HeaderPart {
        key: Text,
        of: Text,
        nearest: Option<Text>,
    },
    HeaderValue {
        key: Text,
        expected: &'static str,
    },
    /// `@schedule` does not say when.
    HeaderSchedule {
        what: prism_schedule::What,
    },
    HeaderTwice {
        key: Text,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoModule {
    /// No such file.
    File,
    /// No such module in the standard library.
    Std,
    /// Neither relative nor of the standard library.
    Bare,
}

/// Why a name cannot be assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constant {
    Const,
    Function,
    Import,
    Agent,
}

/// A name that stands for no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAValue {
    Effect,
    BuiltInNamespace,
    Type,
}
