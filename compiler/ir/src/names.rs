//! The words of the text form, shared by the printer and the reader.

use crate::function::Ty;
use crate::op::{BinaryOp, ConfidenceOp, MemberMode, UnaryOp};

pub(crate) const TYPES: &[(&str, Ty)] = &[
    ("any", Ty::Any),
    ("null", Ty::Null),
    ("boolean", Ty::Boolean),
    ("number", Ty::Number),
    ("text", Ty::Text),
    ("array", Ty::Array),
    ("object", Ty::Object),
    ("function", Ty::Function),
    ("agent", Ty::Agent),
    ("cell", Ty::Cell),
];

pub(crate) const UNARY: &[(&str, UnaryOp)] = &[
    ("not", UnaryOp::Not),
    ("negate", UnaryOp::Negate),
    ("plus", UnaryOp::Plus),
    ("typeof", UnaryOp::Typeof),
    ("await", UnaryOp::Await),
];

pub(crate) const BINARY: &[(&str, BinaryOp)] = &[
    ("add", BinaryOp::Add),
    ("subtract", BinaryOp::Subtract),
    ("multiply", BinaryOp::Multiply),
    ("divide", BinaryOp::Divide),
    ("remainder", BinaryOp::Remainder),
    ("power", BinaryOp::Power),
    ("equal", BinaryOp::Equal),
    ("not_equal", BinaryOp::NotEqual),
    ("identical", BinaryOp::Identical),
    ("not_identical", BinaryOp::NotIdentical),
    ("less", BinaryOp::Less),
    ("less_equal", BinaryOp::LessEqual),
    ("greater", BinaryOp::Greater),
    ("greater_equal", BinaryOp::GreaterEqual),
    ("instanceof", BinaryOp::Instanceof),
    ("in", BinaryOp::In),
];

pub(crate) const CONFIDENCE: &[(&str, ConfidenceOp)] = &[
    ("annotate", ConfidenceOp::Annotate),
    ("gate", ConfidenceOp::Gate),
    ("at_least", ConfidenceOp::AtLeast),
    ("and", ConfidenceOp::And),
    ("or", ConfidenceOp::Or),
    ("chain", ConfidenceOp::Chain),
    ("more", ConfidenceOp::More),
    ("product", ConfidenceOp::Product),
    ("scale", ConfidenceOp::Scale),
    ("inherit", ConfidenceOp::Inherit),
];

pub(crate) const MODES: &[(&str, MemberMode)] = &[
    ("plain", MemberMode::Plain),
    ("optional", MemberMode::Optional),
    ("confident", MemberMode::Confident),
    ("soft", MemberMode::Soft),
];

/// The word for `item`.
pub(crate) fn name_of<T: PartialEq>(table: &[(&'static str, T)], item: &T) -> &'static str {
    table
        .iter()
        .find(|(_, known)| known == item)
        .map(|(name, _)| *name)
        .expect("the tables of words are complete")
}

/// What `word` stands for.
pub(crate) fn find_named<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    table.iter().find(|(name, _)| *name == word).map(|(_, item)| *item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_across_the_operations() {
        let mut words: Vec<&str> = Vec::new();
        words.extend(UNARY.iter().map(|(name, _)| *name));
        words.extend(BINARY.iter().map(|(name, _)| *name));
        words.extend(CONFIDENCE.iter().map(|(name, _)| *name));
        let n_words = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), n_words);
    }
}
