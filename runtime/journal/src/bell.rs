//! Waits for news in a store, without asking for them all the time.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::Store;

/// When somebody writes all the time, the pace passes between two looks on the average; after a
/// rest so many may come one after the other.
const BURST: u32 = 20;
/// What is written rings before it is synced, and can be read only afterwards. So a ring has
/// echoes: the store is looked at again after this time, then after twice as much, and so on.
const FIRST_ECHO: Duration = Duration::from_micros(250);
const LAST_ECHO: Duration = Duration::from_millis(64);
/// A system that waits for a descriptor knows nothing shorter.
const TICK: Duration = Duration::from_millis(1);

/// Rings when somebody has written to a store: belongs to a thread that does nothing else.
pub struct Bell {
    /// Without one, the store is looked at after each rest.
    ring: Option<File>,
    rest: Duration,
    pace: Duration,
    /// When the next look is, if they are evenly spread.
    due: Option<Instant>,
    /// After what time a ring is heard again.
    echo: Option<Duration>,
}

impl Bell {
    /// Hears what is written from now on, on the average once in this pace.
    pub fn of(store: &dyn Store, pace: Duration) -> Bell {
        let ring = store.bell().map(File::from);
        Bell { ring, rest: store.rest(), pace, due: None, echo: None }
    }

    /// Returns when there may be news, or after a time.
    pub fn wait(&mut self, at_most: Duration) {
        let silence = self.silence(at_most);
        let Some(ring) = &mut self.ring else { return thread::sleep(silence) };
        if !is_rung(ring, silence) {
            return self.was_silent(at_most);
        }
        let now = Instant::now();
        thread::sleep(self.rung(now).min(at_most));
        // It was rung however often; what is read says no more than that.
        let Some(ring) = &mut self.ring else { return };
        while ring.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {}
    }

    /// How long nothing happens, unless it rings.
    fn silence(&self, at_most: Duration) -> Duration {
        let next = if self.ring.is_some() { self.echo } else { Some(self.rest) };
        next.map_or(at_most, |next| next.min(at_most))
    }

    fn was_silent(&mut self, at_most: Duration) {
        let echo = self.echo.filter(|echo| *echo < at_most);
        self.echo = echo.map(|echo| 2 * echo).filter(|echo| *echo <= LAST_ECHO);
    }

    /// How long to rest before the look that a ring asks for.
    fn rung(&mut self, now: Instant) -> Duration {
        let earliest = now.checked_sub(self.pace * BURST).unwrap_or(now);
        let due = self.due.map_or(earliest, |due| due.max(earliest));
        self.due = Some(due + self.pace);
        self.echo = Some(FIRST_ECHO);
        due.saturating_duration_since(now)
    }
}

/// Whether it rings within a time.
fn is_rung(ring: &File, within: Duration) -> bool {
    if within < TICK {
        thread::sleep(within);
    }
    let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::MAX);
    let timeout = if within < TICK { PollTimeout::ZERO } else { timeout };
    // A wait that was interrupted is over, which is never wrong.
    poll(&mut [PollFd::new(ring.as_fd(), PollFlags::POLLIN)], timeout).is_ok_and(|n| n > 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn bell() -> (Bell, UnixStream) {
        let (heard, rung) = UnixStream::pair().unwrap();
        heard.set_nonblocking(true).unwrap();
        let ring = Some(File::from(OwnedFd::from(heard)));
        let pace = Duration::from_millis(2);
        (Bell { ring, rest: SECOND, pace, due: None, echo: None }, rung)
    }

    #[test]
    fn a_ring_has_echoes_until_what_was_written_can_be_read() {
        let (mut bell, mut rung) = bell();
        rung.write_all(b"!").unwrap();
        bell.wait(SECOND);
        let mut silences = [0; 11];
        for silence in &mut silences {
            *silence = bell.silence(SECOND).as_micros();
            bell.was_silent(SECOND);
        }
        let echoes = [250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000];
        assert_eq!(silences[..9], echoes);
        assert_eq!(silences[9..], [1_000_000; 2]);
        assert!(!is_rung(bell.ring.as_ref().unwrap(), Duration::ZERO), "what rang is read");
    }

    #[test]
    fn who_writes_all_the_time_is_looked_at_now_and_then() {
        let (mut bell, _) = bell();
        let now = Instant::now();
        let mut rests = (0..23).map(|_| bell.rung(now).as_millis());
        assert!(rests.by_ref().take(21).all(|rest| rest == 0), "after a rest they come at once");
        assert_eq!(rests.collect::<Vec<_>>(), [2, 4]);
        // Half a second later there is room for as many again.
        assert_eq!(bell.rung(now + SECOND / 2), Duration::ZERO);
    }

    #[test]
    fn without_a_bell_there_are_rests() {
        let bell = Bell { ring: None, rest: 2 * TICK, pace: TICK, due: None, echo: None };
        assert_eq!((bell.silence(SECOND), bell.silence(TICK)), (2 * TICK, TICK));
    }
}
