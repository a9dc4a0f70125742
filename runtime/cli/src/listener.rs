//! Hears a store's bell on a thread of its own, for a task that also waits for other things.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use prism_journal::{Bell, Store};
use tokio::sync::Notify;

/// The thread finds out that nobody listens any more after so long, when nobody rings.
const LONGEST: Duration = Duration::from_millis(500);

pub struct Listener {
    shared: Arc<Shared>,
    /// How long to rest, when there is no thread that hears.
    rest: Option<Duration>,
}

#[derive(Default)]
struct Shared {
    heard: Notify,
    is_over: AtomicBool,
}

impl Listener {
    /// Hears what is written from now on.
    pub fn of(store: &dyn Store) -> Listener {
        let (shared, mut bell) = (Arc::new(Shared::default()), Bell::of(store, store.rest() / 2));
        let heard = shared.clone();
        let listen = move || {
            while !heard.is_over.load(Ordering::Relaxed) {
                bell.wait(LONGEST);
                heard.heard.notify_one();
            }
        };
        let thread = thread::Builder::new().name("prism-listener".to_owned()).spawn(listen);
        Listener { shared, rest: thread.is_err().then(|| store.rest()) }
    }

    /// Ready when there may be news, or after a time. Dropping the future loses nothing.
    pub async fn wait(&self, at_most: Duration) {
        let at_most = self.rest.map_or(at_most, |rest| rest.min(at_most));
        // Either is a reason to look.
        let _ = tokio::time::timeout(at_most, self.shared.heard.notified()).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
    }
}
