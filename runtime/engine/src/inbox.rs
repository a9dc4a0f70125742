//! What a driver hears, from whoever has something to say to it.
//!
//! A queue of its own, because every run has one and it is empty most of the time: then it takes
//! some dozen bytes, and a channel of tokio a kilobyte.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker, ready};

use tokio::task::coop;

use crate::drive::Signal;

/// The end where a driver listens.
pub(crate) struct Inbox(Arc<Queue>);

/// The end where others speak.
#[derive(Clone)]
pub(crate) struct Signals(Arc<Queue>);

#[derive(Default)]
struct Queue(Mutex<Heard>);

#[derive(Default)]
struct Heard {
    signals: VecDeque<Signal>,
    /// Who waits for the next one.
    listener: Option<Waker>,
    /// Nobody will listen any more.
    is_closed: bool,
}

pub(crate) fn inbox() -> (Signals, Inbox) {
    let queue: Arc<Queue> = Arc::default();
    (Signals(queue.clone()), Inbox(queue))
}

impl Signals {
    /// Says something; a driver that has ended does not want to know.
    pub(crate) fn send(&self, signal: Signal) {
        let mut heard = self.0.lock();
        if heard.is_closed {
            return;
        }
        heard.signals.push_back(signal);
        let listener = heard.listener.take();
        drop(heard);
        if let Some(listener) = listener {
            listener.wake();
        }
    }
}

impl Inbox {
    pub(crate) fn try_recv(&mut self) -> Option<Signal> {
        self.0.lock().signals.pop_front()
    }

    /// The next signal, as soon as there is one.
    pub(crate) async fn recv(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            // A run that always hears something leaves its thread to others now and then.
            let turn = ready!(coop::poll_proceed(context));
            let mut heard = self.0.lock();
            match heard.signals.pop_front() {
                Some(signal) => {
                    turn.made_progress();
                    Poll::Ready(signal)
                }
                None => {
                    heard.listener = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut heard = self.0.lock();
        heard.is_closed = true;
        let unheard = std::mem::take(&mut heard.signals);
        drop(heard);
        // What is in them may speak as well.
        drop(unheard);
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
