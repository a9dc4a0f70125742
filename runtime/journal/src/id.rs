//! Names of runs: short, unique, and in the order in which the runs started.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Digest;

/// 2025-01-01T00:00:00Z in milliseconds since 1970; 40 bits of milliseconds reach to 2059.
const EPOCH_MS: u64 = 1_735_689_600_000;
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters after `r_`.
const LENGTH: usize = 16;

/// A run's name: 40 bits of time in milliseconds, then 40 random bits.
///
/// Its text is `r_` and 16 characters of Crockford's base 32; texts sort like the ids.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId([u8; 10]);

impl RunId {
    /// A new name. Names made by one process only grow, even when its clock goes back.
    pub fn generate() -> RunId {
        static LAST: Mutex<u128> = Mutex::new(0);
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = (elapsed.as_millis() as u64).saturating_sub(EPOCH_MS) & 0xff_ffff_ffff;
        let fresh = u128::from(time) << 40 | u128::from(fastrand::u64(..1 << 40));
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        *last = fresh.max(*last + 1);
        RunId::from_number(*last)
    }

    /// The name that belongs to a time, in microseconds since 1970, and to what happens then: the
    /// same in every process.
    pub fn of_time(time: i64, what: Digest) -> RunId {
        let millis = u64::try_from(time / 1000).unwrap_or_default();
        let time = millis.saturating_sub(EPOCH_MS) & 0xff_ffff_ffff;
        let what =
            what.bytes().iter().take(5).fold(0, |number, byte| number << 8 | u128::from(*byte));
        RunId::from_number(u128::from(time) << 40 | what)
    }

    pub fn from_bytes(bytes: [u8; 10]) -> RunId {
        RunId(bytes)
    }

    pub fn bytes(&self) -> &[u8; 10] {
        &self.0
    }

    fn from_number(number: u128) -> RunId {
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&number.to_be_bytes()[6..]);
        RunId(bytes)
    }

    fn number(self) -> u128 {
        self.0.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number();
        let mut text = *b"r_0000000000000000";
        for (place, digit) in text[2..].iter_mut().rev().enumerate() {
            *digit = DIGITS[(number >> (5 * place)) as usize & 31];
        }
        f.write_str(std::str::from_utf8(&text).expect("digits are ASCII"))
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The text was not a run's full name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARunId;

impl FromStr for RunId {
    type Err = NotARunId;

    fn from_str(text: &str) -> Result<RunId, NotARunId> {
        let digits = text.strip_prefix("r_").ok_or(NotARunId)?.as_bytes();
        if digits.len() != LENGTH {
            return Err(NotARunId);
        }
        let mut number = 0;
        for digit in digits {
            let value = DIGITS.iter().position(|d| d == digit).ok_or(NotARunId)?;
            number = number << 5 | value as u128;
        }
        Ok(RunId::from_number(number))
    }
}

#[cfg(test)]
mod tests {
    use super::RunId;
    use crate::Digest;

    #[test]
    fn names_are_unique_and_sort_by_age() {
        let ids: Vec<RunId> = (0..10_000).map(|_| RunId::generate()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let texts: Vec<String> = ids.iter().map(RunId::to_string).collect();
        assert!(texts.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_time_has_one_name() {
        // 2025-01-01T00:00:01Z is 1000 ms after the epoch of names: 40 bits, then 5 bytes.
        let name = RunId::of_time(1_735_689_601_000_000, Digest::from_bytes([7; 32]));
        assert_eq!(name.bytes(), &[0, 0, 0, 3, 0xe8, 7, 7, 7, 7, 7]);
    }

    #[test]
    fn a_name_reads_back() {
        let id = RunId::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("r_short".parse::<RunId>().is_err());
        assert!("x_0123456789abcdef".parse::<RunId>().is_err());
        assert!("r_0123456789abcdeU".parse::<RunId>().is_err());
    }
}
