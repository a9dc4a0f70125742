//! The threads on which an engine drives its runs, one for each processor.
//!
//! A run stays on the thread that it was given to; the others that it has do not hear of it. A
//! machine that computes for long keeps its thread busy, so agents, timeouts and signals live on
//! the caller's runtime and go on meanwhile.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// So many runs one after the other go to one thread.
const SHARE: usize = 64;

/// Ends its threads when it is dropped, without waiting for machines that compute.
pub(crate) struct EventLoop {
    /// A thread begins with the first run that is given to it: one run needs one thread.
    threads: Box<[OnceLock<Thread>]>,
    n_spawned: AtomicUsize,
}

struct Thread {
    handle: Handle,
    /// Dropping it is the message.
    _end: Option<oneshot::Sender<()>>,
}

impl EventLoop {
    pub(crate) fn new() -> EventLoop {
        let n_threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = (0..n_threads).map(|_| OnceLock::new()).collect();
        EventLoop { threads, n_spawned: AtomicUsize::new(0) }
    }

    /// Gives a run to the thread whose turn it is: a few runs share more on one thread than they
    /// would gain by two.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        run: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let turn = self.n_spawned.fetch_add(1, Ordering::Relaxed);
        self.thread(turn / SHARE % self.threads.len()).handle.spawn(run)
    }

    /// Gives the first thread something that belongs to no run.
    pub(crate) fn spawn_beside(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.thread(0).handle.spawn(task);
    }

    fn thread(&self, number: usize) -> &Thread {
        // On the caller's runtime when the system has no thread left.
        let start =
            || Thread::start().unwrap_or_else(|_| Thread { handle: Handle::current(), _end: None });
        self.threads[number].get_or_init(start)
    }
}

impl Thread {
    fn start() -> std::io::Result<Thread> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        std::thread::Builder::new().name("prism-engine".to_owned()).spawn(move || {
            // An error says that the other half was dropped, which is the message.
            let _ = runtime.block_on(ended);
            // A person who was asked may never answer; nobody waits for that thread.
            runtime.shutdown_background();
        })?;
        Ok(Thread { handle, _end: Some(end) })
    }
}
