//! Durations and sizes as people write them: `30s`, `500ms`, `1h`, `8Gi`.

use std::time::Duration;

const UNITS: &[(&str, f64)] =
    &[("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];

const SIZES: &[(&str, u64)] = &[
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("B", 1),
];

/// The longest duration accepted: a hundred years, so that sums with an instant never overflow.
const LONGEST_SECONDS: f64 = 100.0 * 366.0 * 86_400.0;

/// Reads `500ms`, `30s`, `5m`, `1h`, `2d`, also `1.5h`. `None` for anything else.
pub fn parse(text: &str) -> Option<Duration> {
    seconds(text).filter(|seconds| *seconds <= LONGEST_SECONDS).map(Duration::from_secs_f64)
}

/// The same, but a longer one is read as the longest: for how long ago something was.
pub fn parse_ago(text: &str) -> Option<Duration> {
    seconds(text).map(|seconds| Duration::from_secs_f64(seconds.min(LONGEST_SECONDS)))
}

fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(plain_number(number.trim_end())? * seconds)
}

/// Reads `512`, `64Ki`, `8Gi`, `2G` as bytes. `None` for anything else.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor = match unit {
        "" => 1,
        unit => SIZES.iter().find(|(name, _)| *name == unit)?.1,
    };
    let bytes = plain_number(number.trim_end())? * factor as f64;
    (bytes < (1u64 << 60) as f64).then_some(bytes as u64)
}

/// Writes a duration with the unit a person would choose.
pub fn show(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..120_000 => format!("{} s", trimmed(duration.as_secs_f64())),
        120_000..7_200_000 => format!("{} min", trimmed(duration.as_secs_f64() / 60.0)),
        _ => format!("{} h", trimmed(duration.as_secs_f64() / 3600.0)),
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Digits with at most one point; no sign, exponent, `inf` or `nan`.
fn plain_number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(parse("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse("30s"), Some(Duration::from_secs(30)));
        assert_eq!(parse("5 m"), Some(Duration::from_secs(300)));
        assert_eq!(parse("1.5h"), Some(Duration::from_secs(5400)));
        for wrong in ["", "30", "s", "-1s", "1e3s", "1 week", "infs", "1..2s", "999999999d"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse_ago("999999999d"), parse("36600d"));
        assert_eq!((parse_ago("30s"), parse_ago("30")), (parse("30s"), None));
    }

    #[test]
    fn sizes_are_read_with_their_unit() {
        assert_eq!(parse_size("8Gi"), Some(8 << 30));
        assert_eq!(parse_size("512"), Some(512));
        assert_eq!(parse_size("1.5k"), Some(1500));
        for wrong in ["", "Gi", "8Q", "-1", "99999999999T"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_are_shown_shortly() {
        assert_eq!(show(Duration::from_millis(250)), "250 ms");
        assert_eq!(show(Duration::from_millis(1500)), "1.5 s");
        assert_eq!(show(Duration::from_secs(600)), "10 min");
    }
}
