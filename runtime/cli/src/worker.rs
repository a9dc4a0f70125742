//! Drives whatever runs of a store are due: crashed ones, decided ones, those whose time has come.
//!
//! ```text
//! scan: unfinished, driven by nobody ─┬─ put down until later → wait for its time or a message
//!                                     └─ else → resume → ended, waits for a person, put down
//! ```
//!
//! What may pass, such as a manifest that is being written or a bucket that cannot be reached, is
//! tried again later. A store that takes no more writes ends the work: whoever opened the store
//! opens it anew.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prism_agents::{Backend, Dispatcher};
use prism_backend_local::LocalBackend;
use prism_engine::{
    Engine, Environment, Error, Host, Planned, RunHandle, RunResult, Stopper, Taken, Ticked, Vault,
    WhenWaiting, now_micros, old_runs, parked, remove, take_up,
};
use prism_journal::{Error as StoreError, RunId, Store};
use prism_vm::tier::Maker;
use tokio::task::JoinSet;

use crate::listener::Listener;
use crate::manifest;
use crate::problem::Problem;
use crate::stores::{self, Place};

/// How often all runs are looked at, for those whose process has died.
const SCAN: Duration = Duration::from_millis(500);
/// How often runs are removed that have been kept long enough.
const SWEEP: Duration = Duration::from_secs(60);
/// A timer that ends later than this does not keep a run in memory.
const SHORT: Duration = Duration::from_secs(1);

/// After the first failure a run is tried again in so long, then each time after twice as long.
const RETRY: Duration = Duration::from_secs(1);
/// But never after more than this.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// How a worker works.
#[derive(Clone)]
pub struct Options {
    /// Where the store is.
    pub place: Place,
    /// End when nothing is due any more.
    pub once: bool,
    /// Runs that are driven at the same time.
    pub limit: usize,
    /// How long runs are kept when they have ended; `None`: for ever.
    pub retention: Option<Duration>,
    /// Native code for what gets hot; without, everything is interpreted.
    pub tier: Option<Maker>,
}

/// What a worker tells.
pub enum News {
    Taken(RunId),
    /// It ended, waits, or was put down.
    Left(RunResult),
    /// The schedule came to times, and these runs of it can be driven.
    Fired(RunId, Vec<RunId>),
    /// It stays as its journal has it, for now or for good.
    Failed(RunId, Box<Trouble>),
}

/// Why a run cannot be driven here.
pub enum Trouble {
    Engine(Error),
    /// Its manifest is not what it was.
    Manifest(Vec<Problem>),
}

/// What a trouble means for a worker.
enum Matter {
    /// Another process has the run.
    Elsewhere,
    /// The next attempt may go well.
    MayPass,
    /// No attempt of this process will.
    Lasts,
    /// The store takes no more writes, of whatever run.
    Store,
}

impl Matter {
    fn of(trouble: &Trouble) -> Matter {
        let error = match trouble {
            Trouble::Manifest(_) => return Matter::MayPass,
            Trouble::Engine(Error::Store(error)) => error,
            Trouble::Engine(Error::Ended { .. }) => return Matter::Elsewhere,
            Trouble::Engine(_) => return Matter::Lasts,
        };
        match error {
            StoreError::Claimed { .. } | StoreError::OutOfOrder { .. } => Matter::Elsewhere,
            StoreError::Unreachable { .. } | StoreError::Locked { .. } => Matter::MayPass,
            StoreError::DiskFull { .. } | StoreError::Stopped { .. } => Matter::Store,
            StoreError::Newer { .. }
            | StoreError::NoFormat { .. }
            | StoreError::NotAStore { .. }
            | StoreError::Damaged { .. }
            | StoreError::Changed { .. }
            | StoreError::Missing { .. }
            | StoreError::UnknownKind { .. }
            | StoreError::Blob { .. }
            | StoreError::Elsewhere { .. } => Matter::Lasts,
        }
    }
}

/// Works until `stop` is ready, or nothing is due. Every run is put down in good order. Must be
/// called inside a tokio runtime with I/O and time enabled.
pub async fn work(
    store: Arc<dyn Store>,
    options: Options,
    stop: impl Future<Output = ()>,
    tell: impl Fn(News),
) -> Result<(), Error> {
    let mut worker = Worker::new(store, options, tell);
    let worked = tokio::select! {
        worked = worker.work() => worked,
        () = stop => Ok(()),
    };
    worker.put_down().await;
    worked
}

struct Worker<F> {
    store: Arc<dyn Store>,
    options: Options,
    tell: F,
    /// One per manifest: it says which agents there are.
    engines: HashMap<Option<PathBuf>, Engine>,
    driving: HashMap<RunId, Stopper>,
    driven: JoinSet<(RunId, Result<RunResult, Error>)>,
    /// Runs that need nothing before this time, or before they are told something.
    parked: HashMap<RunId, Option<i64>>,
    /// Those of them that have a time, by it.
    alarms: BTreeSet<(i64, RunId)>,
    /// Told something while they were driven.
    told: HashSet<RunId>,
    /// Runs that are schedules.
    schedules: HashMap<RunId, Planned>,
    /// Cannot be driven by this process.
    refused: HashSet<RunId>,
    /// How often a run could not be driven, for a reason that may pass.
    failed: HashMap<RunId, u32>,
    /// Why the store takes no more writes.
    broken: Option<Error>,
    ready: VecDeque<RunId>,
    /// The same runs.
    is_ready: HashSet<RunId>,
    /// The newest message that was read.
    after: u64,
    changes: Option<u64>,
    scanned: Option<Scanned>,
    swept: Option<Instant>,
}

/// The last time that all runs were looked at.
struct Scanned {
    at: Instant,
    /// What `Store::changes` said then.
    changes: u64,
    /// Whether another process drives one, which may die without writing anything.
    is_shared: bool,
}

impl<F: Fn(News)> Worker<F> {
    fn new(store: Arc<dyn Store>, options: Options, tell: F) -> Worker<F> {
        Worker {
            store,
            options,
            tell,
            engines: HashMap::new(),
            driving: HashMap::new(),
            driven: JoinSet::new(),
            parked: HashMap::new(),
            alarms: BTreeSet::new(),
            told: HashSet::new(),
            schedules: HashMap::new(),
            refused: HashSet::new(),
            failed: HashMap::new(),
            broken: None,
            ready: VecDeque::new(),
            is_ready: HashSet::new(),
            after: 0,
            changes: None,
            scanned: None,
            swept: None,
        }
    }

    async fn work(&mut self) -> Result<(), Error> {
        let listener = Listener::of(&*self.store);
        loop {
            self.look()?;
            self.take_ready();
            if let Some(error) = self.broken.take() {
                return Err(error);
            }
            if self.options.once && self.driving.is_empty() && self.ready.is_empty() {
                return Ok(());
            }
            let quiet = self.quiet();
            tokio::select! {
                Some(joined) = self.driven.join_next() => self.left(joined),
                () = listener.wait(quiet) => {}
            }
        }
    }

    /// How long nothing happens, unless somebody writes to the store.
    fn quiet(&self) -> Duration {
        let next = self.alarms.first().map(|(due, _)| due.saturating_sub(now_micros()));
        let next = next.map(|span| Duration::from_micros(u64::try_from(span).unwrap_or_default()));
        next.map_or(SCAN, |next| next.min(SCAN))
    }

    /// Finds runs that are due.
    fn look(&mut self) -> Result<(), Error> {
        let changes = self.store.changes()?;
        let is_news = self.changes.replace(changes) != Some(changes);
        if is_news {
            self.read_messages()?;
        }
        self.scan(changes)?;
        self.sweep()?;
        let now = now_micros();
        while let Some((_, run)) = self.alarms.first().copied().filter(|(due, _)| *due <= now) {
            self.wake(run);
        }
        Ok(())
    }

    /// Looks at all runs now and then, unless it is known that there is nothing new.
    fn scan(&mut self, changes: u64) -> Result<(), Error> {
        let is_due = self.scanned.as_ref().is_none_or(|scanned| {
            scanned.at.elapsed() >= SCAN && (scanned.is_shared || scanned.changes != changes)
        });
        if !is_due {
            return Ok(());
        }
        let mut fresh = Vec::new();
        let mut is_shared = false;
        for record in self.store.unfinished()? {
            let run = record.run;
            if self.is_known(run) {
                continue;
            }
            match self.store.is_claimed(run)? {
                true => is_shared = true,
                false => fresh.push(run),
            }
        }
        for (run, parked) in fresh.iter().zip(parked(&*self.store, &fresh)?) {
            match parked {
                Some(parked) => self.park(*run, parked.due),
                None => self.queue(*run),
            }
        }
        self.scanned = Some(Scanned { at: Instant::now(), changes, is_shared });
        Ok(())
    }

    fn is_known(&self, run: RunId) -> bool {
        self.driving.contains_key(&run)
            || self.parked.contains_key(&run)
            || self.refused.contains(&run)
            || self.is_ready.contains(&run)
    }

    /// Removes runs that have been kept long enough.
    fn sweep(&mut self) -> Result<(), Error> {
        let Some(retention) = self.options.retention else { return Ok(()) };
        if self.swept.is_some_and(|swept| swept.elapsed() < SWEEP) {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        let span = i64::try_from(retention.as_micros()).unwrap_or(i64::MAX);
        let old = old_runs(&*self.store, now_micros().saturating_sub(span), 0)?;
        let runs: Vec<RunId> = old.iter().map(|record| record.run).collect();
        remove(&*self.store, &runs)?;
        Ok(())
    }

    fn read_messages(&mut self) -> Result<(), Error> {
        for message in self.store.messages(None, self.after)? {
            self.after = message.number;
            if self.driving.contains_key(&message.run) {
                self.told.insert(message.run);
            } else if self.parked.contains_key(&message.run) {
                self.wake(message.run);
            }
        }
        Ok(())
    }

    fn park(&mut self, run: RunId, due: Option<i64>) {
        self.parked.insert(run, due);
        self.alarms.extend(due.map(|due| (due, run)));
    }

    fn wake(&mut self, run: RunId) {
        if let Some(due) = self.parked.remove(&run).flatten() {
            self.alarms.remove(&(due, run));
        }
        self.queue(run);
    }

    fn queue(&mut self, run: RunId) {
        if self.is_ready.insert(run) {
            self.ready.push_back(run);
        }
    }

    /// Another process has a run, and may die without writing anything.
    fn note_shared(&mut self) {
        if let Some(scanned) = &mut self.scanned {
            scanned.is_shared = true;
        }
    }

    /// Takes up as many ready runs as may be driven, together.
    fn take_ready(&mut self) {
        let n_free = self.options.limit.saturating_sub(self.driving.len());
        let ready: Vec<RunId> = self.ready.drain(..n_free.min(self.ready.len())).collect();
        let (mut runs, mut ticking) = (Vec::new(), Vec::new());
        for run in ready {
            self.is_ready.remove(&run);
            let is_schedule = self.schedules.contains_key(&run);
            if is_schedule { &mut ticking } else { &mut runs }.push(run);
        }
        if runs.is_empty() && ticking.is_empty() {
            return;
        }
        // One engine per manifest: its agents are what it says.
        let mut by_manifest: HashMap<Option<PathBuf>, Vec<Taken>> = HashMap::new();
        for (run, taken) in runs.iter().zip(take_up(&*self.store, &runs)) {
            match taken {
                Ok(taken) => {
                    let path = stores::manifest_of(&taken.recorded().meta, &self.options.place);
                    by_manifest.entry(path).or_default().push(taken);
                }
                Err(Error::IsSchedule { .. }) => ticking.push(*run),
                Err(error) => self.refuse(*run, Trouble::Engine(error)),
            }
        }
        for (path, taken) in by_manifest {
            self.go_on(path, taken);
        }
        for run in ticking {
            if let Err(error) = self.tick(run) {
                self.refuse(run, Trouble::Engine(error));
            }
        }
    }

    /// Drives runs of one manifest from now on.
    fn go_on(&mut self, manifest: Option<PathBuf>, taken: Vec<Taken>) {
        let runs: Vec<RunId> = taken.iter().map(Taken::run).collect();
        let handles = match self.engine(manifest) {
            Ok(engine) => engine.go_on_with(taken),
            Err(problems) => {
                for run in runs {
                    self.refuse(run, Trouble::Manifest(problems.clone()));
                }
                return;
            }
        };
        match handles {
            Ok(handles) => handles.into_iter().for_each(|handle| self.drive(handle)),
            Err(error) => {
                for run in runs {
                    self.refuse(run, Trouble::Engine(error.clone()));
                }
            }
        }
    }

    fn drive(&mut self, handle: RunHandle) {
        let run = handle.run();
        (self.tell)(News::Taken(run));
        self.driving.insert(run, handle.stopper());
        self.driven.spawn(async move { (run, handle.wait().await) });
    }

    /// Leaves a run alone that cannot be driven here, for a while or for good, unless somebody
    /// else was quicker: there will be news of it.
    fn refuse(&mut self, run: RunId, trouble: Trouble) {
        match Matter::of(&trouble) {
            Matter::Elsewhere => return self.note_shared(),
            Matter::Lasts => {
                self.refused.insert(run);
            }
            Matter::MayPass => {
                let n_failed = self.failed.entry(run).or_default();
                let pause = LONGEST_RETRY.min(RETRY * 2_u32.pow((*n_failed).min(6)));
                *n_failed += 1;
                let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
                self.park(run, Some(now_micros().saturating_add(pause)));
            }
            Matter::Store => {
                if let Trouble::Engine(error) = &trouble {
                    self.broken.get_or_insert_with(|| error.clone());
                }
            }
        }
        (self.tell)(News::Failed(run, Box::new(trouble)));
    }

    /// The engine with the agents of a manifest.
    fn engine(&mut self, path: Option<PathBuf>) -> Result<&Engine, Vec<Problem>> {
        match self.engines.entry(path) {
            Entry::Occupied(engine) => Ok(engine.into_mut()),
            Entry::Vacant(place) => {
                let manifest = manifest::open(place.key().clone())?;
                let backends: Vec<Arc<dyn Backend>> = vec![Arc::new(LocalBackend::new())];
                let dispatcher = Dispatcher::new(manifest.registry, backends);
                let when_waiting = WhenWaiting::Park { beyond: SHORT };
                let vault: Option<Arc<dyn Vault>> = Some(Arc::new(Environment));
                let tier = self.options.tier;
                let host = Host { when_waiting, tier, vault, ..Host::default() };
                Ok(place.insert(Engine::new(self.store.clone(), dispatcher, host)))
            }
        }
    }

    /// Starts what a schedule has come to.
    fn tick(&mut self, run: RunId) -> Result<(), Error> {
        if !self.schedules.contains_key(&run) {
            let planned = Planned::read(&*self.store, run)?;
            self.schedules.extend(planned.map(|planned| (run, planned)));
        }
        let Some(planned) = self.schedules.get(&run) else { return Ok(()) };
        let Ticked { started, due } = planned.tick(&*self.store, now_micros())?;
        started.iter().for_each(|run| self.queue(*run));
        match due {
            Some(due) => self.park(run, Some(due)),
            None => drop(self.schedules.remove(&run)),
        }
        if !started.is_empty() {
            (self.tell)(News::Fired(run, started));
        }
        Ok(())
    }

    fn left(&mut self, joined: Result<(RunId, Result<RunResult, Error>), tokio::task::JoinError>) {
        let (run, result) = joined.expect("a run that is waited for neither panics nor is aborted");
        self.driving.remove(&run);
        let was_told = self.told.remove(&run);
        match result {
            Ok(result) => {
                self.failed.remove(&run);
                if !result.status.is_final() {
                    self.park(run, result.due);
                }
                (self.tell)(News::Left(result));
                if was_told && self.parked.contains_key(&run) {
                    self.wake(run);
                }
            }
            Err(error) => self.refuse(run, Trouble::Engine(error)),
        }
    }

    async fn put_down(&mut self) {
        self.driving.values().for_each(Stopper::interrupt);
        while let Some(joined) = self.driven.join_next().await {
            self.left(joined);
        }
        for engine in self.engines.values() {
            engine.shutdown().await;
        }
    }
}
