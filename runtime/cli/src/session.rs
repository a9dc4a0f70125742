//! Drives one run in this process, from its start or from where its journal ends.

use std::sync::Arc;
use std::time::Duration;

use prism_agents::{Backend, Dispatcher, Registry};
use prism_backend_local::LocalBackend;
use prism_engine::{
    Changes, Engine, Error, Fork, Host, RunHandle, RunResult, Shadowed, Start, Stopper,
};
use prism_journal::{RunId, Store};

/// How long a run may take to be put down. A machine that computes hears of nothing, so its run
/// is left then as its journal has it, which is enough to go on.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a run needs besides itself.
#[derive(Clone)]
pub struct Session {
    pub store: Arc<dyn Store>,
    pub registry: Registry,
    pub host: Host,
    pub signals: Signals,
}

/// Whether Ctrl-C puts the run down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signals {
    /// The process belongs to the run: SIGINT, SIGTERM and SIGHUP put it down in good order.
    Obey,
    /// The process belongs to somebody else, for instance to a test.
    Ignore,
}

/// Where the run is taken up.
#[derive(Clone)]
pub enum From {
    Start(Box<Start>),
    Resume(RunId),
    /// A new run that takes recorded answers of this one.
    Fork(RunId, Box<Fork>),
}

/// What came of it, and the run's name as soon as it has one.
pub struct Driven {
    pub run: Option<RunId>,
    pub result: Result<RunResult, Error>,
}

/// Runs until the run ends, waits for a person, or is interrupted. Every agent's process is gone
/// when this returns.
pub fn drive(session: Session, from: From) -> Driven {
    let runtime = runtime();
    let driven = runtime.block_on(drive_here(session, from));
    // A person who was asked on the terminal may never answer; nobody waits for that thread.
    runtime.shutdown_background();
    driven
}

/// Asks the agents of a run again, from a site on, and compares.
pub fn shadow(
    session: Session,
    run: RunId,
    changes: Changes,
    from: Option<&str>,
) -> Result<Shadowed, Error> {
    runtime().block_on(async {
        let (engine, signals) = engine(session);
        let shadowed = match signals {
            Signals::Obey => tokio::select! {
                shadowed = engine.shadow(run, changes, from) => shadowed,
                () = signal() => std::process::exit(i32::from(crate::report::INTERRUPTED)),
            },
            Signals::Ignore => engine.shadow(run, changes, from).await,
        };
        engine.shutdown().await;
        shadowed
    })
}

/// Where agents, timeouts and signals live: one thread.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime of one thread needs nothing that can be missing")
}

fn engine(session: Session) -> (Engine, Signals) {
    // A manifest without agents needs nothing that runs them.
    let backends: Vec<Arc<dyn Backend>> = match session.registry.iter().next() {
        Some(_) => vec![Arc::new(LocalBackend::new())],
        None => Vec::new(),
    };
    let dispatcher = Dispatcher::new(session.registry, backends);
    (Engine::new(session.store, dispatcher, session.host), session.signals)
}

async fn drive_here(session: Session, from: From) -> Driven {
    let (engine, signals) = engine(session);
    let begun = match from {
        From::Start(start) => engine.start(&start),
        From::Resume(run) => engine.resume(run),
        From::Fork(parent, fork) => engine.fork(parent, *fork),
    };
    let driven = match begun {
        Ok(handle) => wait(handle, signals).await,
        Err(error) => Driven { run: None, result: Err(error) },
    };
    engine.shutdown().await;
    driven
}

async fn wait(handle: RunHandle, signals: Signals) -> Driven {
    let run = handle.run();
    let stopper = handle.stopper();
    let result = match signals {
        Signals::Obey => tokio::select! {
            result = handle.wait() => result,
            () = put_down(stopper) => Ok(RunResult::left(run)),
        },
        Signals::Ignore => handle.wait().await,
    };
    Driven { run: Some(run), result }
}

/// The first signal puts the run down; ready when that takes too long. A second signal does not
/// wait for anything.
async fn put_down(stopper: Stopper) {
    signal().await;
    stopper.interrupt();
    tokio::spawn(async {
        signal().await;
        std::process::exit(i32::from(crate::report::INTERRUPTED));
    });
    tokio::time::sleep(PATIENCE).await;
}

/// Ready when the process is asked to stop.
pub async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let listening = |kind| signal(kind).expect("this signal can be handled");
    let mut interrupt = listening(SignalKind::interrupt());
    let mut terminate = listening(SignalKind::terminate());
    let mut hangup = listening(SignalKind::hangup());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
