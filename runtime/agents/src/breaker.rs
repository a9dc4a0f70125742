//! Stops calling an agent that keeps failing: closed → open → half open → closed.
//!
//! A pure state machine: the clock comes in as an argument, nothing sleeps here.

use std::time::{Duration, Instant};

use crate::BreakerSettings;

/// The state of one agent's breaker, shared by all runs.
#[derive(Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    state: State,
    /// How often it has opened.
    epoch: Epoch,
}

/// Tells verdicts of today from those of calls that went out before the breaker last opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u32);

#[derive(Debug, PartialEq)]
enum State {
    /// Calls pass; `failures` of them failed in a row.
    Closed { failures: u32 },
    /// No call passes before `until`.
    Open { until: Instant },
    /// One call at a time passes; `successes` of them succeeded in a row.
    HalfOpen { successes: u32, trying: bool },
}

/// Whether a call may go out now.
#[derive(Debug, PartialEq)]
pub(crate) enum Permission {
    /// Yes; its verdict must be told, with this epoch.
    Granted(Epoch),
    /// Refused; asking again makes sense after this long.
    Refused(Duration),
}

/// How an attempt that was let through ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Success,
    Failure,
    /// The attempt says nothing about the agent's health: it was cancelled.
    Unknown,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Breaker {
        Breaker { settings, state: State::Closed { failures: 0 }, epoch: Epoch(0) }
    }

    pub(crate) fn ask(&mut self, now: Instant) -> Permission {
        match &mut self.state {
            State::Closed { .. } => Permission::Granted(self.epoch),
            State::Open { until } if *until > now => Permission::Refused(*until - now),
            State::Open { .. } => {
                self.state = State::HalfOpen { successes: 0, trying: true };
                Permission::Granted(self.epoch)
            }
            State::HalfOpen { trying: true, .. } => Permission::Refused(self.settings.reset),
            State::HalfOpen { trying, .. } => {
                *trying = true;
                Permission::Granted(self.epoch)
            }
        }
    }

    /// Must follow every granted `ask`. A verdict from before the breaker last opened is old
    /// news and changes nothing.
    pub(crate) fn tell(&mut self, epoch: Epoch, verdict: Verdict, now: Instant) {
        if epoch != self.epoch {
            return;
        }
        match (&mut self.state, verdict) {
            (State::Closed { failures }, Verdict::Failure) => {
                *failures += 1;
                if *failures >= self.settings.failures {
                    self.open(now);
                }
            }
            (State::Closed { failures }, Verdict::Success) => *failures = 0,
            (State::Closed { .. }, Verdict::Unknown) | (State::Open { .. }, _) => {}
            (State::HalfOpen { .. }, Verdict::Failure) => self.open(now),
            (State::HalfOpen { successes, trying }, Verdict::Success) => {
                (*successes, *trying) = (*successes + 1, false);
                if *successes >= self.settings.successes {
                    self.state = State::Closed { failures: 0 };
                }
            }
            (State::HalfOpen { trying, .. }, Verdict::Unknown) => *trying = false,
        }
    }

    /// How many failures in a row open it.
    pub(crate) fn failures(&self) -> u32 {
        self.settings.failures
    }

    fn open(&mut self, now: Instant) {
        self.epoch = Epoch(self.epoch.0.wrapping_add(1));
        self.state = State::Open { until: now + self.settings.reset };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESET: Duration = Duration::from_secs(30);

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 2, successes: 2, reset: RESET })
    }

    fn granted(breaker: &mut Breaker, now: Instant) -> Epoch {
        match breaker.ask(now) {
            Permission::Granted(epoch) => epoch,
            Permission::Refused(wait) => panic!("refused for {wait:?}"),
        }
    }

    fn attempt(breaker: &mut Breaker, verdict: Verdict, now: Instant) {
        let epoch = granted(breaker, now);
        breaker.tell(epoch, verdict, now);
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let (mut breaker, now) = (breaker(), Instant::now());
        for verdict in [Verdict::Failure, Verdict::Success, Verdict::Failure, Verdict::Unknown] {
            attempt(&mut breaker, verdict, now);
        }
        attempt(&mut breaker, Verdict::Failure, now);
        assert_eq!(breaker.ask(now), Permission::Refused(RESET));
    }

    #[test]
    fn after_the_rest_one_call_tries_and_two_successes_close_it() {
        let (mut breaker, start) = (breaker(), Instant::now());
        attempt(&mut breaker, Verdict::Failure, start);
        attempt(&mut breaker, Verdict::Failure, start);
        let later = start + RESET;
        let epoch = granted(&mut breaker, later);
        assert_eq!(breaker.ask(later), Permission::Refused(RESET), "one at a time");
        breaker.tell(epoch, Verdict::Success, later);
        attempt(&mut breaker, Verdict::Success, later);
        assert_eq!(breaker.state, State::Closed { failures: 0 });
    }

    #[test]
    fn a_failed_try_opens_it_again_and_a_cancelled_one_lets_the_next_try() {
        let (mut breaker, start) = (breaker(), Instant::now());
        attempt(&mut breaker, Verdict::Failure, start);
        attempt(&mut breaker, Verdict::Failure, start);
        let later = start + RESET;
        attempt(&mut breaker, Verdict::Unknown, later);
        attempt(&mut breaker, Verdict::Failure, later);
        assert_eq!(breaker.ask(later), Permission::Refused(RESET));
    }

    #[test]
    fn a_verdict_from_before_it_opened_changes_nothing() {
        let (mut breaker, now) = (breaker(), Instant::now());
        let epochs = [(); 3].map(|()| granted(&mut breaker, now));
        breaker.tell(epochs[0], Verdict::Failure, now);
        breaker.tell(epochs[1], Verdict::Failure, now);
        let trial = granted(&mut breaker, now + RESET);
        breaker.tell(epochs[2], Verdict::Failure, now + RESET);
        breaker.tell(trial, Verdict::Success, now + RESET);
        attempt(&mut breaker, Verdict::Success, now + RESET);
        assert_eq!(breaker.state, State::Closed { failures: 0 });
    }
}
