//! Waits for news in a store, without asking for them all the time.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use prism_journal::Store;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// So much time passes between two looks on the average, when somebody writes all the time; after
/// a rest several may come one after the other.
const PAUSE: Duration = Duration::from_millis(1);
const BURST: u32 = 20;
/// What is written rings before it is synced, and can be read only afterwards. So a ring has
/// echoes: the store is looked at again after this time, then after twice as much, and so on.
const FIRST_ECHO: Duration = Duration::from_micros(250);
const LAST_ECHO: Duration = Duration::from_millis(64);
/// The timers of the runtime know nothing shorter.
const TICK: Duration = Duration::from_millis(1);

/// Rings when somebody has written to a store.
#[derive(Default)]
pub struct Bell {
    ring: Option<AsyncFd<File>>,
    /// When the next look is, if they are evenly spread.
    due: Option<Instant>,
    /// After what time a ring is heard again.
    echo: Option<Duration>,
}

impl Bell {
    /// Ready when there may be news, or after a time. Dropping the future loses nothing. Must be
    /// called inside a tokio runtime with I/O enabled.
    pub async fn wait(&mut self, store: &dyn Store, at_most: Duration) {
        if self.ring.is_none() {
            self.ring = store.bell().and_then(|bell| listen(bell.into()));
        }
        let Some(ring) = &self.ring else {
            return tokio::time::sleep(at_most.min(store.rest())).await;
        };
        let echo = self.echo.filter(|echo| *echo < at_most);
        let end = Instant::now() + echo.unwrap_or(at_most);
        let heard = tokio::select! {
            biased;
            heard = ring.readable() => Some(heard),
            () = silence(echo, end) => None,
        };
        match heard {
            Some(Ok(mut ready)) => {
                let now = Instant::now();
                let earliest = now.checked_sub(PAUSE * BURST).unwrap_or(now);
                let due = self.due.map_or(earliest, |due| due.max(earliest));
                tokio::time::sleep_until(due.min(now + at_most)).await;
                self.due = Some(due + PAUSE);
                self.echo = Some(FIRST_ECHO);
                // It was rung however often; what is read says no more than that.
                while ring.get_ref().read(&mut [0; 4096]).is_ok_and(|length| length > 0) {}
                ready.clear_ready();
            }
            // A bell that is broken never rings again.
            Some(Err(_)) => self.ring = None,
            None => self.echo = echo.map(|echo| 2 * echo).filter(|echo| *echo <= LAST_ECHO),
        }
    }
}

/// Nothing, until the echo or the end.
async fn silence(echo: Option<Duration>, end: Instant) {
    match echo.filter(|echo| *echo < TICK) {
        // A thread that ends too early or is not there makes the echo come sooner.
        Some(echo) => drop(tokio::task::spawn_blocking(move || std::thread::sleep(echo)).await),
        None => tokio::time::sleep_until(end).await,
    }
}

#[expect(unsafe_code, reason = "the runtime cannot know that a descriptor stays what it is")]
fn listen(bell: File) -> Option<AsyncFd<File>> {
    // SAFETY: a `File` is one open file until it is dropped, with the `AsyncFd`.
    unsafe { AsyncFd::register_with_interest(bell, Interest::READABLE) }.ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use prism_journal::Memory;

    use super::*;

    /// Waits of at most a second, in milliseconds: time does not pass while a test computes.
    async fn waits<const N: usize>(bell: &mut Bell) -> [u128; N] {
        let store = Memory::default();
        let mut waits = [0; N];
        for wait in &mut waits {
            let begin = Instant::now();
            bell.wait(&store, Duration::from_secs(1)).await;
            *wait = begin.elapsed().as_millis();
        }
        waits
    }

    #[test]
    fn a_ring_has_echoes_until_what_was_written_can_be_read() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (heard, mut rung) = std::os::unix::net::UnixStream::pair().unwrap();
            heard.set_nonblocking(true).unwrap();
            let heard = File::from(std::os::fd::OwnedFd::from(heard));
            let mut bell = Bell { ring: listen(heard), ..Bell::default() };
            rung.write_all(b"!").unwrap();
            // The first two echoes are too short for the runtime's timers.
            let expected = [0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 1000, 1000];
            assert_eq!(waits(&mut bell).await, expected);
        });
    }
}
