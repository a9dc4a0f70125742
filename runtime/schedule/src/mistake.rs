//! What is wrong with a schedule, in words.

use std::fmt;
use std::ops::Range;

/// What is wrong, and with which part of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The text or key that holds the mistake, as the value has it; empty: the value itself.
    pub part: String,
    /// The bytes of it that are wrong.
    pub at: Range<usize>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Neither a text nor an object.
    Shape,
    NoCron,
    UnknownKey {
        key: String,
    },
    /// The value of a key is not what it takes.
    Value {
        key: &'static str,
        expected: &'static str,
    },
    /// A pattern with another number of fields than five or six.
    Fields {
        found: usize,
    },
    /// A field of the pattern.
    Field {
        name: &'static str,
        takes: &'static str,
    },
    /// The fields are fine, and no day has them all.
    Never,
    Zone {
        nearest: Option<String>,
    },
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Shape => f.write_str(
                "a schedule is a pattern such as `0 9 * * 1-5`, or an object with `cron` and `zone`",
            ),
            What::NoCron => f.write_str("a schedule needs `cron`, a pattern such as `0 9 * * 1-5`"),
            What::UnknownKey { key } => write!(
                f,
                "`{key}` is not a key of a schedule: those are `cron`, `zone`, `catchUp` and `overlap`"
            ),
            What::Value { key, expected } => write!(f, "`{key}` of a schedule needs {expected}"),
            What::Fields { found } => write!(
                f,
                "a pattern has five fields (minute hour day month weekday) or six with the \
                 seconds first, found {found}"
            ),
            What::Field { name, takes } => {
                write!(f, "the {name} of a pattern takes {takes}, with `*`, `,`, `-` and `/`")
            }
            What::Never => f.write_str("there is no such day, so that the program would never run"),
            What::Zone { nearest: Some(nearest) } => {
                write!(f, "there is no such time zone; did you mean `{nearest}`?")
            }
            What::Zone { nearest: None } => {
                f.write_str("there is no such time zone; they are called like `Europe/Berlin`")
            }
        }
    }
}
