//! What can go wrong while a program runs: codes and words. The only file that speaks.

use std::sync::Arc;

use prism_bytecode::Kind;

use crate::data::MAX_DEPTH;
use crate::value::Value;

/// Why an instruction did not finish.
#[derive(Debug)]
pub(crate) enum Raise {
    /// An exception; owns its value.
    Throw(Value),
    /// A limit of the machine; nobody catches it.
    Limit(Limit),
}

pub(crate) type Run<T> = Result<T, Raise>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Fuel,
    Memory,
    Depth(u32),
    Requests(u64),
    /// Every fiber waits for another one.
    Deadlock,
    /// The bytecode asked for something that a compiler never asks for.
    Fault(&'static str),
}

impl Limit {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Limit::Fuel => "P1101",
            Limit::Memory => "P1102",
            Limit::Depth(_) => "P1103",
            Limit::Requests(_) => "P1104",
            Limit::Deadlock => "P1105",
            Limit::Fault(_) => "P1199",
        }
    }

    pub(crate) fn message(self) -> String {
        match self {
            Limit::Fuel => "the program used up its fuel".to_owned(),
            Limit::Memory => "the program used up its memory".to_owned(),
            Limit::Depth(depth) => format!("more than {depth} calls are active at once"),
            Limit::Requests(count) => format!("the program made more than {count} requests"),
            Limit::Deadlock => "every fiber waits for another one".to_owned(),
            Limit::Fault(what) => format!("the bytecode is wrong: {what}"),
        }
    }
}

/// A type as messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeName(pub(crate) &'static str);

impl From<Kind> for TypeName {
    fn from(kind: Kind) -> TypeName {
        TypeName(kind.name())
    }
}

impl std::fmt::Display for TypeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// A mistake of the program, thrown as an error object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Problem {
    UnknownName(Arc<str>),
    Uninitialised(Arc<str>),
    Operator {
        op: &'static str,
        left: TypeName,
        right: TypeName,
    },
    Unary {
        op: &'static str,
        operand: TypeName,
    },
    Compare {
        left: TypeName,
        right: TypeName,
    },
    DivisionByZero,
    NotCallable(TypeName),
    Arity {
        function: Arc<str>,
        wanted: Arity,
        found: usize,
    },
    NoParameter {
        function: Arc<str>,
        name: Arc<str>,
    },
    ParameterTwice {
        function: Arc<str>,
        name: Arc<str>,
    },
    NoProperty {
        key: Arc<str>,
        of: TypeName,
        nearest: Option<Arc<str>>,
    },
    PropertyOfNull(Arc<str>),
    PropertyOf {
        key: Arc<str>,
        of: TypeName,
    },
    NoMethod {
        name: Arc<str>,
        of: TypeName,
    },
    NotUpdatable {
        what: &'static str,
        found: TypeName,
    },
    OutOfBounds {
        index: f64,
        length: usize,
    },
    NotAnIndex(TypeName),
    /// An element to set between two others.
    NoElement(f64),
    NotIndexable(TypeName),
    NotIterable(TypeName),
    Spread {
        wanted: &'static str,
        found: TypeName,
    },
    Destructure {
        wanted: &'static str,
        found: TypeName,
    },
    UnknownType(Arc<str>),
    Confidence(TypeName),
    ConfidenceNan,
    Argument {
        function: &'static str,
        wanted: &'static str,
        found: TypeName,
    },
    ArgumentRange {
        function: &'static str,
        what: &'static str,
    },
    CannotLeave(TypeName),
    TooDeep,
    Json {
        what: &'static str,
        at: usize,
    },
    Resumed,
    ForeignContinuation,
    Cancelled,
    NotAFiber(TypeName),
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arity {
    pub(crate) min: usize,
    /// `None`: any number from `min` on.
    pub(crate) max: Option<usize>,
}

impl std::fmt::Display for Arity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Arity { min, max } = *self;
        let plural = if max.unwrap_or(min) == 1 { "" } else { "s" };
        match max {
            Some(max) if max == min => write!(f, "{min} argument{plural}"),
            Some(max) => write!(f, "{min} to {max} arguments"),
            None => write!(f, "at least {min} argument{plural}"),
        }
    }
}

impl Problem {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Problem::UnknownName(_) => "P1002",
            Problem::Uninitialised(_) => "P1003",
            Problem::Operator { .. } | Problem::Unary { .. } => "P1004",
            Problem::Compare { .. } => "P1005",
            Problem::DivisionByZero => "P1006",
            Problem::NotCallable(_) => "P1007",
            Problem::Arity { .. }
            | Problem::NoParameter { .. }
            | Problem::ParameterTwice { .. } => "P1008",
            Problem::NoProperty { .. } => "P1009",
            Problem::PropertyOfNull(_) | Problem::PropertyOf { .. } => "P1010",
            Problem::OutOfBounds { .. }
            | Problem::NotAnIndex(_)
            | Problem::NoElement(_)
            | Problem::NotIndexable(_) => "P1011",
            Problem::ArgumentRange { .. } => "P1013",
            Problem::Argument { .. } => "P1014",
            Problem::NotIterable(_) | Problem::Spread { .. } | Problem::Destructure { .. } => {
                "P1015"
            }
            Problem::NoMethod { .. } => "P1016",
            Problem::NotUpdatable { .. } => "P1017",
            Problem::UnknownType(_) => "P1018",
            Problem::Confidence(_) | Problem::ConfidenceNan => "P1019",
            Problem::CannotLeave(_) | Problem::TooDeep => "P1020",
            Problem::Json { .. } => "P1021",
            Problem::Resumed | Problem::ForeignContinuation => "P1022",
            Problem::Cancelled | Problem::NotAFiber(_) => "P1023",
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Problem::UnknownName(name) => format!("`{name}` is not defined"),
            Problem::Uninitialised(name) => {
                format!("cannot read `{name}` before it is initialised")
            }
            Problem::Operator { op, left, right } => {
                format!("cannot apply `{op}` to {left} and {right}")
            }
            Problem::Unary { op, operand } => format!("cannot apply `{op}` to {operand}"),
            Problem::Compare { left, right } => format!("cannot compare {left} and {right}"),
            Problem::DivisionByZero => "division by zero".to_owned(),
            Problem::NotCallable(found) => format!("cannot call {found}: it is not a function"),
            Problem::Arity { function, wanted, found } => {
                format!("`{function}` takes {wanted}, found {found}")
            }
            Problem::NoParameter { function, name } => {
                format!("`{function}` has no parameter `{name}`")
            }
            Problem::ParameterTwice { function, name } => {
                format!("`{function}` gets its parameter `{name}` twice")
            }
            Problem::NoProperty { key, of, nearest } => match nearest {
                Some(nearest) => {
                    format!("the {of} has no property `{key}`; did you mean `{nearest}`?")
                }
                None => format!("the {of} has no property `{key}`"),
            },
            Problem::PropertyOfNull(key) => format!("cannot read `{key}` of null"),
            Problem::PropertyOf { key, of } => format!("cannot read `{key}` of {of}"),
            other => other.message_of_rarer(),
        }
    }

    fn message_of_rarer(&self) -> String {
        match self {
            Problem::NoMethod { name, of } if &**name == "then" => {
                format!(
                    "{of} has no method `then`: a call returns its answer, so go on with the value"
                )
            }
            Problem::NoMethod { name, of } => format!("{of} has no method `{name}`"),
            Problem::NotUpdatable { what, found } => format!("cannot {what} {found}"),
            Problem::OutOfBounds { index, length } => {
                format!("index {index} is outside the array of length {length}")
            }
            Problem::NotAnIndex(found) => format!("an index must be a number, found {found}"),
            Problem::NoElement(number) => {
                format!("the index of an element to set must be a whole number, found {number}")
            }
            Problem::NotIndexable(TypeName("string")) => {
                "cannot index string: `at` gives a character of it".to_owned()
            }
            Problem::NotIndexable(found) => format!("cannot index {found}"),
            Problem::NotIterable(found) => format!("cannot iterate over {found}"),
            Problem::Spread { wanted, found } => format!("cannot spread {found} as {wanted}"),
            Problem::Destructure { wanted, found } => {
                format!("cannot destructure {found} as {wanted}")
            }
            Problem::UnknownType(name) => format!("`{name}` is not the name of a type"),
            Problem::Confidence(found) => format!("a confidence must be a number, found {found}"),
            Problem::ConfidenceNan => "a confidence must be a number, found NaN".to_owned(),
            Problem::Argument { function, wanted, found } => {
                format!("`{function}` takes {wanted}, found {found}")
            }
            Problem::ArgumentRange { function, what } => format!("`{function}`: {what}"),
            Problem::CannotLeave(found) => format!("{found} cannot leave the program"),
            Problem::TooDeep => format!("the value is nested more than {MAX_DEPTH} levels deep"),
            Problem::Json { what, at } => format!("not JSON: {what} at position {at}"),
            Problem::Resumed => "the continuation was resumed before".to_owned(),
            Problem::ForeignContinuation => {
                "a clause that answers a fiber must end with its `resume`".to_owned()
            }
            Problem::Cancelled => "the fiber was cancelled".to_owned(),
            Problem::NotAFiber(found) => format!("cannot wait for {found}: it is not a fiber"),
            other => format!("{other:?}"),
        }
    }
}

/// The code of an error that the program throws itself.
pub(crate) const THROWN: &str = "P1001";
