//! How long to wait before an attempt is repeated.

use std::time::Duration;

use crate::{Backoff, Retry};

/// The pause after `failed` failed attempts (at least 1). `draw` is a number in [0, 1) and only
/// matters with jitter, where the pause lies between half and all of its full length, so that
/// calls that failed together do not come back together.
pub(crate) fn pause(retry: &Retry, failed: u32, draw: f64) -> Duration {
    let steps = failed.saturating_sub(1);
    let factor = match retry.backoff {
        Backoff::Fixed => 1,
        Backoff::Linear => steps.saturating_add(1),
        Backoff::Exponential => 1u32.checked_shl(steps).unwrap_or(u32::MAX),
    };
    let full = retry.base.saturating_mul(factor).min(retry.max_delay);
    if retry.jitter { full.mul_f64(0.5 + draw.clamp(0.0, 1.0) / 2.0) } else { full }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(backoff: Backoff, jitter: bool) -> Retry {
        let (base, max_delay) = (Duration::from_secs(1), Duration::from_secs(5));
        Retry { max: 10, backoff, base, max_delay, jitter }
    }

    fn seconds(backoff: Backoff) -> Vec<u64> {
        (1..=5).map(|n| pause(&retry(backoff, false), n, 0.0).as_secs()).collect()
    }

    #[test]
    fn pauses_grow_as_asked_up_to_the_longest() {
        assert_eq!(seconds(Backoff::Fixed), [1, 1, 1, 1, 1]);
        assert_eq!(seconds(Backoff::Linear), [1, 2, 3, 4, 5]);
        assert_eq!(seconds(Backoff::Exponential), [1, 2, 4, 5, 5]);
        let far = pause(&retry(Backoff::Exponential, false), u32::MAX, 0.0);
        assert_eq!(far, Duration::from_secs(5));
    }

    #[test]
    fn jitter_stays_between_half_and_all() {
        let retry = retry(Backoff::Fixed, true);
        assert_eq!(pause(&retry, 1, 0.0), Duration::from_millis(500));
        assert_eq!(pause(&retry, 1, 1.0), Duration::from_secs(1));
    }
}
