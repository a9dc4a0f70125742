//! The one thread that starts processes.
//!
//! Linux ends a child by its death signal when the *thread* that made it ends, not the process.
//! Threads of a runtime come and go; this one stays until the process is over.

use std::io;
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::child::{self, Child, Program, Started};

struct Order {
    program: Program,
    reply: oneshot::Sender<io::Result<Started>>,
}

/// How often a program that is just being written is tried again: another thread that forked
/// at the wrong moment may hold the file open for a few milliseconds.
const BUSY_TRIES: u32 = 20;

/// Starts the program as the leader of a new process group that does not outlive this process.
pub(crate) async fn spawn(program: Program) -> io::Result<Child> {
    let (reply, started) = oneshot::channel();
    orders()?.send(Order { program, reply }).map_err(|_| gone())?;
    Child::new(started.await.map_err(|_| gone())??)
}

fn orders() -> io::Result<&'static mpsc::Sender<Order>> {
    static ORDERS: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    if let Some(orders) = ORDERS.get() {
        return Ok(orders);
    }
    let (orders, incoming) = mpsc::channel();
    std::thread::Builder::new().name("prism-spawn".to_owned()).spawn(move || serve(incoming))?;
    // A thread that lost this race ends at once, because its orders are dropped here.
    Ok(ORDERS.get_or_init(|| orders))
}

fn serve(incoming: mpsc::Receiver<Order>) {
    child::block_signals();
    for Order { program, reply } in incoming {
        // A receiver that is gone drops the process, which kills it.
        let _ = reply.send(start(&program));
    }
}

fn start(program: &Program) -> io::Result<Started> {
    let mut tries = 0;
    loop {
        match child::start(program) {
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES =>
            {
                tries += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            started => return started,
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts processes is gone")
}
