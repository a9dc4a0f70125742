//! Numbers as text and text as numbers, the way JavaScript does it.

/// The shortest text that reads back as the number.
pub(crate) fn number_text(number: f64) -> String {
    let mut buffer = ryu_js::Buffer::new();
    buffer.format(number).to_owned()
}

/// Appends the text form of a number.
pub(crate) fn push_number(out: &mut String, number: f64) {
    // Small integers are most numbers that programs print.
    if let Some(mut rest) = small(number) {
        let mut digits = [0; 10];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        out.extend(digits[first..].iter().map(|&digit| char::from(digit)));
        return;
    }
    out.push_str(ryu_js::Buffer::new().format(number));
}

/// The number a whole text stands for: `Number(text)`; NaN if it is none.
pub(crate) fn parse_number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    if text.is_empty() {
        return 0.0;
    }
    let prefixes = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    for (prefix, radix) in prefixes {
        if let Some(digits) = text.strip_prefix(prefix) {
            return whole(digits, radix).unwrap_or(f64::NAN);
        }
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ if decimal_prefix(text) == text.len() => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// The number at the start of a text: `parseFloat(text)`; NaN if there is none.
pub(crate) fn parse_float(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.starts_with("Infinity") {
        return if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    text[..decimal_prefix(text)].parse().unwrap_or(f64::NAN)
}

/// The integer at the start of a text: `parseInt(text, radix)`; NaN if there is none.
pub(crate) fn parse_int(text: &str, radix: Option<u32>) -> f64 {
    let text = text.trim_start_matches(is_space);
    let (sign, mut digits) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let mut base = radix.unwrap_or(10);
    if radix.is_none_or(|radix| radix == 16)
        && let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"))
    {
        (digits, base) = (hex, 16);
    }
    if !(2..=36).contains(&base) {
        return f64::NAN;
    }
    let end = digits.find(|c: char| !c.is_digit(base)).unwrap_or(digits.len());
    whole(&digits[..end], base).map_or(f64::NAN, |number| sign * number)
}

/// Digits of a base as a number.
fn whole(digits: &str, radix: u32) -> Option<f64> {
    if digits.is_empty() {
        return None;
    }
    if radix == 10 {
        return digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    }
    digits
        .chars()
        .try_fold(0.0, |sum, c| Some(sum * f64::from(radix) + f64::from(c.to_digit(radix)?)))
}

/// The length of the longest decimal literal at the start.
fn decimal_prefix(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let before = digits(at);
    at += before;
    if bytes.get(at) == Some(&b'.') {
        let after = digits(at + 1);
        if before + after == 0 {
            return 0;
        }
        at += 1 + after;
    } else if before == 0 {
        return 0;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = bytes.get(at + 1 + sign..).map_or(0, |_| digits(at + 1 + sign));
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

/// White space as `trim` sees it.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// An index from a number: floor, `None` for NaN, negative and very large ones.
pub(crate) fn to_index(number: f64) -> Option<usize> {
    let whole = number.floor();
    (0.0..9_007_199_254_740_992.0).contains(&whole).then_some(whole as usize)
}

/// Added to an integer of less than 51 bits, this leaves the integer in the low bits of the sum:
/// 1.5 × 2⁵².
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// The integer that a number is, if it is one of less than 51 bits; larger ones give `None` or an
/// integer of more bits. Conversions of the language saturate, which takes longer.
#[inline(always)]
pub(crate) fn integer(number: f64) -> Option<i64> {
    let shifted = number + SHIFT;
    let low = shifted.to_bits().wrapping_sub(SHIFT.to_bits()).cast_signed();
    (shifted - SHIFT == number).then_some(low)
}

/// The same for integers without a sign of at most 32 bits.
#[inline(always)]
pub(crate) fn small(number: f64) -> Option<u32> {
    integer(number).and_then(|integer| u32::try_from(integer).ok())
}

/// The remainder with the sign of the dividend.
#[inline(always)]
pub(crate) fn remainder(x: f64, y: f64) -> f64 {
    match (small(x), small(y)) {
        (Some(a), Some(b)) if b > 0 => f64::from(a % b),
        _ => long_remainder(x, y),
    }
}

#[inline(never)]
fn long_remainder(x: f64, y: f64) -> f64 {
    let (a, b) = (x as i64, y as i64);
    if a as f64 == x && b as f64 == y && a >= 0 && b > 0 { (a % b) as f64 } else { x % y }
}

/// `x ** y` as JavaScript computes it.
pub(crate) fn power(x: f64, y: f64) -> f64 {
    if x.abs() == 1.0 && y.is_infinite() || y.is_nan() {
        return f64::NAN;
    }
    // Not the system's `pow`: the same bits on every machine.
    libm::pow(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_javascript_prints_them() {
        let cases = [
            (0.1 + 0.2, "0.30000000000000004"),
            (1e21, "1e+21"),
            (-0.0, "0"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (-1.5, "-1.5"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (1e15, "1000000000000000"),
            (-7.0, "-7"),
            (4_294_967_295.0, "4294967295"),
            (4_294_967_296.0, "4294967296"),
        ];
        for (number, text) in cases {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, text);
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn texts_read_as_javascript_reads_them() {
        let whole = [("", 0.0), (" 12 ", 12.0), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0)];
        for (text, number) in
            whole.into_iter().chain([("0x1F", 31.0), ("-Infinity", f64::NEG_INFINITY)])
        {
            assert_eq!(parse_number(text), number, "{text}");
        }
        for text in ["5px", "inf", "nan", "1_000", "1e", "--1", "0x", "."] {
            assert!(parse_number(text).is_nan(), "{text}");
        }
        assert_eq!(parse_float("3.25abc"), 3.25);
        assert_eq!(parse_float("-.5e1x"), -5.0);
        assert_eq!(parse_float("1e+"), 1.0);
        assert!(parse_float("abc").is_nan());
        assert_eq!(parse_int("42px", None), 42.0);
        assert_eq!(parse_int("-0x1f", None), -31.0);
        assert_eq!(parse_int("zz", Some(36)), 1295.0);
        assert_eq!(parse_int("12", Some(2)), 1.0);
        assert!(parse_int("", None).is_nan());
    }

    #[test]
    fn small_integers_are_known_from_other_numbers() {
        let largest = f64::from(u32::MAX);
        for number in [0.0, 1.0, 2_147_483_648.0, largest] {
            assert_eq!(small(number), Some(number as u32));
        }
        assert_eq!(small(-0.0), Some(0));
        let two = 2f64.powi(51);
        let others = [0.5, -1.0, largest + 1.0, two, two + 2.0, -two, 2f64.powi(52), 2f64.powi(80)];
        for number in others.into_iter().chain([f64::NAN, f64::INFINITY, f64::NEG_INFINITY]) {
            assert_eq!(small(number), None, "{number}");
        }
        assert_eq!((integer(-3.0), integer(two - 1.0)), (Some(-3), Some((1 << 51) - 1)));
    }

    #[test]
    fn remainders_have_the_sign_of_the_dividend() {
        let cases = [(7.0, 3.0, 1.0), (-7.0, 3.0, -1.0), (7.0, -3.0, 1.0), (5.5, 2.0, 1.5)];
        for (x, y, r) in cases {
            assert_eq!(remainder(x, y), r);
        }
        assert_eq!(remainder(1e17, 7.0), 1e17 % 7.0);
        assert_eq!(remainder(-0.0, 7.0).to_bits(), 0);
        assert!(remainder(f64::NAN, 7.0).is_nan() && remainder(7.0, f64::INFINITY) == 7.0);
        assert!(power(1.0, f64::INFINITY).is_nan());
        assert_eq!(power(2.0, 0.5), 2f64.sqrt());
    }
}
