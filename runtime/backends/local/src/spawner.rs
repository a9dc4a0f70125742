//! The one thread that starts processes.
//!
//! Linux ends a child by its death signal when the *thread* that made it ends, not the process.
//! Threads of a runtime come and go; this one stays until the process is over.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

struct Order {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// How often a program that is just being written is tried again: another thread that forked
/// at the wrong moment may hold the file open for a few milliseconds.
const BUSY_TRIES: u32 = 20;

/// Starts the command as the leader of a new process group that does not outlive this process.
pub(crate) async fn spawn(mut command: Command) -> io::Result<Child> {
    command.process_group(0).kill_on_drop(true);
    die_with_parent(&mut command);
    let (reply, child) = oneshot::channel();
    let order = Order { command, runtime: Handle::current(), reply };
    orders()?.send(order).map_err(|_| gone())?;
    child.await.map_err(|_| gone())?
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
    for Order { mut command, runtime, reply } in incoming {
        // A runtime that is shutting down panics when asked for a child.
        let started = catch_unwind(AssertUnwindSafe(|| {
            let _inside = runtime.enter();
            start(&mut command)
        }));
        // A receiver that is gone drops the child, which kills it.
        let _ = reply.send(started.unwrap_or_else(|_| Err(gone())));
    }
}

fn start(command: &mut Command) -> io::Result<Child> {
    let mut tries = 0;
    loop {
        match command.spawn() {
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
    io::Error::other("the runtime is shutting down")
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    let parent = getpid();
    let hook = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the line above; then nobody would send the signal.
        if getppid() == Some(parent) { Ok(()) } else { Err(gone_in_child()) }
    };
    #[expect(unsafe_code, reason = "the standard library offers this hook only as unsafe")]
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; the hook makes two
    // system calls and neither allocates nor locks.
    unsafe {
        command.pre_exec(hook);
    }
}

#[cfg(target_os = "linux")]
fn gone_in_child() -> io::Error {
    io::Error::from(rustix::io::Errno::SRCH)
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut Command) {}
