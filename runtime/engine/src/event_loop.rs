//! The thread on which an engine drives its runs.
//!
//! All runs of an engine share it. A machine that computes for long keeps it busy, so agents,
//! timeouts and signals live on the caller's runtime and go on meanwhile.

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Ends its thread when it is dropped, without waiting for a machine that computes.
pub(crate) struct EventLoop {
    handle: Handle,
    /// Dropping it is the message.
    _end: Option<oneshot::Sender<()>>,
}

impl EventLoop {
    /// A loop on a thread of its own; on the caller's runtime when the system has no thread left.
    pub(crate) fn start() -> EventLoop {
        EventLoop::on_thread()
            .unwrap_or_else(|_| EventLoop { handle: Handle::current(), _end: None })
    }

    fn on_thread() -> std::io::Result<EventLoop> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        std::thread::Builder::new().name("prism-engine".to_owned()).spawn(move || {
            // An error says that the other half was dropped, which is the message.
            let _ = runtime.block_on(ended);
            // A person who was asked may never answer; nobody waits for that thread.
            runtime.shutdown_background();
        })?;
        Ok(EventLoop { handle, _end: Some(end) })
    }

    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(task)
    }
}
