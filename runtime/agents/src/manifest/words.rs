//! Every sentence about a manifest.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::ManifestError;
use crate::nearest::nearest;

pub(super) fn not_toml(reason: &str, span: Range<usize>) -> ManifestError {
    ManifestError {
        code: "P0650",
        message: format!("prism.toml is not TOML: {}", reason.lines().next().unwrap_or(reason)),
        help: "strings need quotes, and each table and key may appear once".to_owned(),
        span,
    }
}

pub(super) fn unknown_key(
    path: &str,
    key: &str,
    known: &[&str],
    span: Range<usize>,
) -> ManifestError {
    let help = match nearest(key, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known keys: {}", known.join(", ")),
    };
    ManifestError {
        code: "P0651",
        message: format!("unknown key `{key}` in `[{path}]`"),
        help,
        span,
    }
}

pub(super) fn wrong_type(
    path: &str,
    expected: &str,
    found: &Spanned<DeValue<'_>>,
) -> ManifestError {
    ManifestError {
        code: "P0652",
        message: format!("`{path}` must be {expected}, found {}", shown(found.get_ref())),
        help: format!("write {expected}"),
        span: found.span(),
    }
}

pub(super) fn no_command(path: &str, span: Range<usize>) -> ManifestError {
    ManifestError {
        code: "P0653",
        message: format!("`[{path}]` has no `command`"),
        help: "add the program and its arguments, such as `command = [\"python3\", \
               \"agents/reviewer.py\"]`"
            .to_owned(),
        span,
    }
}

pub(super) fn bad_name(name: &str, span: Range<usize>) -> ManifestError {
    ManifestError {
        code: "P0654",
        message: format!("`{name}` cannot be the name of an agent"),
        help: "use letters, digits, `_`, `-` and `.`, at most 128 bytes".to_owned(),
        span,
    }
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.len() <= 40 => format!("\"{text}\""),
        DeValue::String(_) => "a long string".to_owned(),
        DeValue::Integer(number) => format!("`{number}`"),
        DeValue::Float(number) => format!("`{number}`"),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
