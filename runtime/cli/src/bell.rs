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

/// Rings when somebody has written to a store.
#[derive(Default)]
pub struct Bell {
    ring: Option<AsyncFd<File>>,
    /// When the next look is, if they are evenly spread.
    due: Option<Instant>,
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
        let end = Instant::now() + at_most;
        match tokio::time::timeout_at(end, ring.readable()).await {
            Ok(Ok(mut ready)) => {
                let now = Instant::now();
                let earliest = now.checked_sub(PAUSE * BURST).unwrap_or(now);
                let due = self.due.map_or(earliest, |due| due.max(earliest));
                tokio::time::sleep_until(due.min(end)).await;
                self.due = Some(due + PAUSE);
                // It was rung however often; what is read says no more than that.
                while ring.get_ref().read(&mut [0; 4096]).is_ok_and(|length| length > 0) {}
                ready.clear_ready();
            }
            // A bell that is broken never rings again.
            Ok(Err(_)) => self.ring = None,
            Err(_) => {}
        }
    }
}

#[expect(unsafe_code, reason = "the runtime cannot know that a descriptor stays what it is")]
fn listen(bell: File) -> Option<AsyncFd<File>> {
    // SAFETY: a `File` is one open file until it is dropped, with the `AsyncFd`.
    unsafe { AsyncFd::register_with_interest(bell, Interest::READABLE) }.ok()
}
