//! The text form of numbers: JavaScript's shortest.

/// `1`, `0.5`, `1e+21`: what `{ 1: x }` has as its key.
pub(crate) fn text(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return if value.is_nan() { "NaN" } else { "Infinity" }.to_owned();
    }
    let size = value.abs();
    if (1e-6..1e21).contains(&size) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        Some(_) | None => text,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_read_as_in_javascript() {
        for (value, text) in
            [(1.0, "1"), (0.5, "0.5"), (1e21, "1e+21"), (1e-7, "1e-7"), (-0.0, "0")]
        {
            assert_eq!(super::text(value), text);
        }
    }
}
