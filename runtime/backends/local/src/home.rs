//! The one thread on which a backend starts its processes and speaks with them.
//!
//! Whoever hears that a process has ended starts the next one at once: between the two there is
//! no other thread to wake. Linux ends a child by its death signal when the *thread* that made it
//! ends, not the process; this one stays until the backend is dropped, and no process of it is
//! left then.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::child::{self, Child, Program};

/// Ends its thread when it is dropped, with all that is under way there.
pub(crate) struct Home {
    handle: Handle,
    /// Dropping it is the message.
    _end: oneshot::Sender<()>,
}

impl Home {
    pub(crate) fn new() -> io::Result<Home> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        std::thread::Builder::new().name("prism-agents".to_owned()).spawn(move || {
            child::block_signals();
            // An error says that the other half was dropped, which is the message.
            let _ = runtime.block_on(ended);
        })?;
        Ok(Home { handle, _end: end })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// How often a program that is just being written is tried again: another thread that forked
/// at the wrong moment may hold the file open for a few milliseconds.
const BUSY_TRIES: u32 = 20;

/// Starts the program as the leader of a new process group that does not outlive this process.
/// Only for the thread of a [`Home`].
pub(crate) async fn start(program: &Program) -> io::Result<Child> {
    let mut tries = 0;
    loop {
        match child::start(program) {
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES =>
            {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            started => return started,
        }
    }
}
