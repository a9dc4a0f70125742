//! Runs one request on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use salsa::{CancellationToken, Cancelled, Database};

use crate::view::View;

/// Programs nest, and so do the queries about them.
pub const STACK: usize = 256 * 1024 * 1024;

/// How a piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// A text changed meanwhile.
    Changed,
    /// The editor no longer wants the answer.
    Cancelled,
    /// A mistake of ours; it was reported on standard error.
    Failed,
}

/// Ends a piece of work when it is dropped: with the handler that waits for the answer.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    Waiting,
    Running(CancellationToken),
    Cancelled,
}

pub struct CancelOnDrop(pub Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Running(token) = std::mem::replace(&mut *state, State::Cancelled) {
            token.cancel();
        }
    }
}

impl Cancel {
    /// False when nobody waits any more.
    fn start(&self, token: CancellationToken) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = !matches!(*state, State::Cancelled);
        if is_wanted {
            *state = State::Running(token);
        }
        is_wanted
    }
}

/// Runs `work` with the view, drops the view, and then tells how it ended.
pub fn spawn<T: Send + 'static>(
    view: View,
    cancel: Cancel,
    work: impl FnMut(&View) -> T + Send + 'static,
    answer: impl FnOnce(Result<T, Stopped>) + Send + 'static,
) {
    let body = move || {
        let result = match cancel.start(view.db.cancellation_token()) {
            true => attempt(&view, work),
            false => Err(Stopped::Cancelled),
        };
        // Before the answer: what follows it may be a change, which waits for this clone.
        drop(view);
        answer(result);
    };
    // Without a thread the answer is dropped, and whoever waits for it is told so.
    if let Err(error) = thread::Builder::new().stack_size(STACK).spawn(body) {
        eprintln!("error: no thread for a request: {error}");
    }
}

/// Runs `work`, unless a text changes or it is cancelled. A panic is a mistake of ours.
pub fn attempt<T>(view: &View, mut work: impl FnMut(&View) -> T) -> Result<T, Stopped> {
    loop {
        let attached = || salsa::attach(&view.db, || work(view));
        let caught =
            catch_unwind(AssertUnwindSafe(|| Cancelled::catch(AssertUnwindSafe(attached))));
        match caught {
            Ok(Ok(result)) => return Ok(result),
            Ok(Err(Cancelled::Local)) => return Err(Stopped::Cancelled),
            Ok(Err(Cancelled::PendingWrite)) => return Err(Stopped::Changed),
            // Another thread was computing what this one needs, and stopped. If a change stopped
            // it, the next attempt hears of that; if it failed, so does the next attempt.
            Ok(Err(_)) => {}
            Err(_) => return Err(Stopped::Failed),
        }
    }
}
