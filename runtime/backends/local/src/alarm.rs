//! A time to wait for, again and again.
//!
//! Most calls end long before their deadlines, so to register each of them with the runtime, and
//! to take it out again, would cost more than reading the answer. An alarm stays where it is: it
//! may ring too early, and then goes on to the time that is wanted.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// Belongs to one task at a time.
#[derive(Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready at that time. Dropping the future loses nothing.
    pub(crate) async fn at(&mut self, time: Instant) {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(time)));
        while Instant::now() < time {
            if sleep.deadline() > time || sleep.is_elapsed() {
                sleep.as_mut().reset(time);
            }
            sleep.as_mut().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(10);
    const HOUR: Duration = Duration::from_secs(3600);

    /// Waits for a time after others were waited for in vain, and gives what has passed then.
    async fn rings(vain: &[Duration], after: Duration) -> Duration {
        let (begin, mut alarm) = (Instant::now(), Alarm::default());
        for vain in vain {
            tokio::select! {
                biased;
                () = alarm.at(begin + *vain) => {}
                () = std::future::ready(()) => {}
            }
        }
        alarm.at(begin + after).await;
        begin.elapsed()
    }

    #[tokio::test]
    async fn it_rings_at_the_last_time_that_was_asked_for() {
        for vain in [&[][..], &[MOMENT], &[HOUR], &[HOUR, MOMENT, HOUR], &[HOUR, 5 * MOMENT]] {
            let rung = rings(vain, 3 * MOMENT).await;
            assert!((3 * MOMENT..HOUR).contains(&rung), "{vain:?}: {rung:?}");
        }
    }

    #[tokio::test]
    async fn it_rings_again() {
        let mut alarm = Alarm::default();
        for _ in 0..3 {
            let time = Instant::now() + MOMENT;
            alarm.at(time).await;
            assert!(Instant::now() >= time);
        }
        alarm.at(Instant::now()).await;
    }
}
