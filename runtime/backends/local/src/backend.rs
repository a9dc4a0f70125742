//! The backend: which attempts run, and how all of them are stopped.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use prism_agents::protocol::write_request;
use prism_agents::{
    AgentError, AgentReply, AgentSpec, Attempt, Backend, BoxFuture, Mode, Report, Reports, Ticket,
    errors,
};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::exchange::{Use, exchange};
use crate::home::Home;
use crate::job::{Cancelled, Desk, Job};
use crate::process::{House, Leave, Process};
use crate::shared::{self, Halls};
use crate::warm::{self, Pool};
use crate::{program, strays};

/// Runs each attempt in a process of its own, or in one that is kept warm.
#[derive(Clone)]
pub struct LocalBackend {
    shared: Arc<Shared>,
    /// Where everything is done; or why the system has no thread for it.
    home: Arc<io::Result<Home>>,
}

struct Shared {
    house: House,
    pool: Pool,
    halls: Halls,
    running: Mutex<Running>,
}

struct Running {
    cancel: BTreeMap<Ticket, oneshot::Sender<()>>,
    /// Every task holds a clone; when all are gone, `gone` ends. `None`: shut down.
    alive: Option<mpsc::Sender<()>>,
    gone: Option<mpsc::Receiver<()>>,
}

impl LocalBackend {
    pub fn new() -> LocalBackend {
        LocalBackend { shared: Arc::default(), home: Arc::new(Home::new()) }
    }
}

impl Default for LocalBackend {
    fn default() -> LocalBackend {
        LocalBackend::new()
    }
}

impl Default for Shared {
    fn default() -> Shared {
        let (alive, gone) = mpsc::channel(1);
        Shared {
            house: House::default(),
            pool: Pool::default(),
            halls: Halls::default(),
            running: Mutex::new(Running {
                cancel: BTreeMap::new(),
                alive: Some(alive),
                gone: Some(gone),
            }),
        }
    }
}

impl Backend for LocalBackend {
    fn name(&self) -> &'static str {
        "local"
    }

    fn check(&self, spec: &AgentSpec) -> Result<(), AgentError> {
        program::find(spec).map(|_| ())
    }

    fn runtime(&self) -> Option<Handle> {
        self.home.as_ref().as_ref().ok().map(|home| home.handle().clone())
    }

    fn submit(&self, batch: Vec<Attempt>, reports: Reports) {
        let home = match &*self.home {
            Ok(home) => home.handle(),
            Err(error) => {
                for attempt in batch {
                    let error = errors::system_refused(&attempt.spec.name, &error.to_string());
                    reports(Report::Done(attempt.ticket, Err(error)));
                }
                return;
            }
        };
        let shared = Arc::downgrade(&self.shared);
        let forget = Box::new(move |ticket| {
            if let Some(shared) = shared.upgrade() {
                shared.running().cancel.remove(&ticket);
            }
        });
        let desk = Arc::new(Desk { reports, forget });
        for attempt in batch {
            self.shared.start(attempt, &desk, home);
        }
    }

    fn cancel(&self, tickets: &[Ticket]) {
        let mut running = self.shared.running();
        for ticket in tickets {
            if let Some(cancel) = running.cancel.remove(ticket) {
                // An attempt that has just ended no longer listens.
                let _ = cancel.send(());
            }
        }
    }

    fn shutdown(&self) -> BoxFuture<()> {
        let gone = {
            let mut running = self.shared.running();
            for cancel in std::mem::take(&mut running.cancel).into_values() {
                let _ = cancel.send(());
            }
            running.alive = None;
            running.gone.take()
        };
        self.shared.pool.close();
        self.shared.halls.close();
        let shared = self.shared.clone();
        Box::pin(async move {
            let Some(mut gone) = gone else { return };
            // Nothing is ever sent; the channel ends when the last task does.
            let _ = gone.recv().await;
            let marks = &shared.house.marks;
            if marks.is_any_given() {
                strays::kill(marks.family().to_owned()).await;
            }
        })
    }
}

impl Shared {
    fn start(self: &Arc<Self>, attempt: Attempt, desk: &Arc<Desk>, home: &Handle) {
        let (cancel, cancelled) = oneshot::channel();
        let mut running = self.running();
        let Some(alive) = running.alive.clone() else {
            drop(running);
            let error = errors::cancelled(&attempt.spec.name);
            return (desk.reports)(Report::Done(attempt.ticket, Err(error)));
        };
        running.cancel.insert(attempt.ticket, cancel);
        drop(running);
        let job = Job::new(attempt, Cancelled::new(cancelled), desk.clone());
        self.run(job, alive, home);
    }

    fn run(self: &Arc<Self>, job: Job, alive: mpsc::Sender<()>, home: &Handle) {
        let shared = self.clone();
        match job.attempt.spec.mode {
            Mode::PerCall => {
                home.spawn(async move {
                    per_call(job, &shared.house).await;
                    drop(alive);
                });
            }
            Mode::Warm { idle, calls } if calls > 1 => {
                if let Some(hall) = self.halls.enter(job, calls) {
                    home.spawn(async move {
                        shared::serve(hall, idle, &shared.halls, &shared.house).await;
                        drop(alive);
                    });
                }
            }
            Mode::Warm { idle, .. } => {
                if let Err(job) = self.pool.offer(job) {
                    home.spawn(async move {
                        warm::serve(job, idle, &shared.pool, &shared.house).await;
                        drop(alive);
                    });
                }
            }
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().expect("no code panics while it holds the list")
    }
}

/// One process for one call, from its start to its disappearance.
async fn per_call(mut job: Job, house: &House) {
    let result = one_call(&mut job, house).await;
    job.finish(result);
}

async fn one_call(job: &mut Job, house: &House) -> Result<AgentReply, AgentError> {
    let mut request = Vec::new();
    write_request(&mut request, &job.attempt, Instant::now())?;
    let mut process = Process::start(&job.attempt.spec, house).await?;
    process.request = request;
    let mut cancelled = std::mem::take(&mut job.cancelled);
    let note = |note| job.note(note);
    let outcome = exchange(&mut process, &job.attempt, Use::Once, &mut cancelled, &note).await;
    let leave = if outcome.is_sound { Leave::OnItsOwn } else { Leave::Now };
    process.end(leave, &note).await;
    outcome.result.map_err(|error| process.explain(error))
}
