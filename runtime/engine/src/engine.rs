//! Starts runs and goes on with them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use prism_agents::{BoxFuture, Dispatcher};
use prism_bytecode::Verified;
use prism_journal::{
    Claim, Draft, Entry, Kind, Log, NextCheckpoint, Reference, RunId, StateKey, StateWrite, Store,
};
use prism_vm::tier::Maker;
use prism_vm::{Answer, Data};
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};

use crate::checkpoint::{Pace, Stand};
use crate::compute::{self, Compute};
use crate::drive::{Driver, Signal, Stop};
use crate::effects::World;
use crate::event_loop::EventLoop;
use crate::events::Fold;
use crate::inbox::{self, Inbox, Signals};
use crate::inherited::Inherited;
use crate::mailbox::{Delivery, Mailbox};
use crate::opening::{Company, Opening};
use crate::past::Past;
use crate::people::Ask;
use crate::programs::Programs;
use crate::record::run_draft;
use crate::recorder::Recorder;
use crate::requests::Requests;
use crate::result::RunResult;
use crate::secrets::{self, Inputs, Secrets, Vault};
use crate::start::{Parent, Recorded, Start};
use crate::take_up::Taken;
use crate::{Error, Event, EventKind, Script, described, start};

/// Hears of a run while this process drives it, in order, from the thread that drives it: must
/// be quick.
pub trait Watch: Send + Sync {
    /// Whether it wants to hear of events of this kind. Those that it does not want are counted
    /// and not made, which takes more than the entry of the journal that they are made of.
    fn wants(&self, kind: EventKind) -> bool;
    /// An event that it wants, when it is durable.
    fn event(&self, event: &Event);
    /// A line that the program printed. A run that goes on prints its lines again from the first.
    fn line(&self, line: &str);
}

/// What to do when only another process can decide what a run waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenWaiting {
    /// Keep the run and look for decisions in the store.
    #[default]
    Stay,
    /// Put it down with status `Waiting`; `resume` goes on when there is a decision.
    Leave,
    /// The same, also when all that it waits for is a timer that ends later than this. The
    /// journal says so, and whoever finds it need not try.
    Park { beyond: Duration },
}

/// When a run may go on with an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// When the answer is durable: a crash loses nothing.
    #[default]
    Full,
    /// At once, while nothing is on its way to the disk for longer than this: a crash loses at
    /// most so much of the run, which then goes that way again. Calls that are made at most once
    /// and questions to people wait for the disk as ever.
    Fast { within: Duration },
}

/// How this process serves runs: what is not in their journals.
#[derive(Clone, Default)]
pub struct Host {
    pub script: Script,
    pub ask: Option<Arc<dyn Ask>>,
    pub when_waiting: WhenWaiting,
    pub mode: Mode,
    pub watch: Option<Arc<dyn Watch>>,
    pub serve: Option<Arc<dyn Serve>>,
    /// Native code for what gets hot; without, everything is interpreted.
    pub tier: Option<Maker>,
    /// Where secrets are that a run needs and that neither its inputs nor its journal hold.
    pub vault: Option<Arc<dyn Vault>>,
}

/// Carries out effects in the place of the engine: those that it does not know, or those for
/// which an embedding program has a better answer.
pub trait Serve: Send + Sync {
    /// `None`: the engine serves it. `key` names the effect in its run, the same after a crash.
    /// The future is dropped when nobody needs the answer any more.
    fn serve(&self, effect: &str, args: &[Data], key: &str) -> Option<BoxFuture<Answer>>;
}

/// Drives runs of one store with the agents of one manifest.
#[derive(Clone)]
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) dispatcher: Dispatcher,
    host: Host,
    event_loop: Arc<EventLoop>,
    mailbox: Mailbox,
    programs: Programs,
    /// What a run says that goes on here.
    resumed: Draft,
}

/// A run that this process drives.
pub struct RunHandle {
    run: RunId,
    stopper: Stopper,
    task: JoinHandle<Result<RunResult, Error>>,
    /// The run lives there, also when the engine is gone.
    _event_loop: Arc<EventLoop>,
}

/// Ends the driving of a run from elsewhere.
#[derive(Clone)]
pub struct Stopper(Signals);

impl Engine {
    /// Must be called inside a tokio runtime with time enabled: agents live there, runs on
    /// threads of the engine.
    pub fn new(store: Arc<dyn Store>, dispatcher: Dispatcher, host: Host) -> Engine {
        let (event_loop, mailbox) = (Arc::new(EventLoop::new()), Mailbox::default());
        let programs = Programs::default();
        let resumed = run_draft(Kind::RunResumed, &json!({ "process": std::process::id() }));
        Engine { store, dispatcher, host, event_loop, mailbox, programs, resumed }
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Starts a run; it goes on by itself.
    pub fn start(&self, start: &Start) -> Result<RunHandle, Error> {
        described::check(&start.module, &start.inputs)?;
        let (inputs, secrets) = self.secrets_of(&start.module, &start.inputs)?;
        let machine = compute::machine(&start.module, start.limits, &inputs, self.host.tier)?;
        self.begin((machine, secrets), start)
    }

    /// The inputs with the secrets that belong there, and all of these.
    pub(crate) fn secrets_of(
        &self,
        module: &Verified,
        inputs: &[(Arc<str>, Data)],
    ) -> Result<(Inputs, Secrets), Error> {
        let mut inputs = inputs.to_vec();
        let secrets = secrets::resolve(module, &mut inputs, self.host.vault.as_deref())?;
        Ok((inputs, secrets))
    }

    pub(crate) fn begin(
        &self,
        machine: (Box<dyn Compute>, Secrets),
        start: &Start,
    ) -> Result<RunHandle, Error> {
        self.begin_with(RunId::generate(), machine, start, Inheritance::default())
    }

    /// Starts a run whose journal has more than a beginning.
    pub(crate) fn begin_with(
        &self,
        run: RunId,
        (machine, secrets): (Box<dyn Compute>, Secrets),
        start: &Start,
        mut inheritance: Inheritance,
    ) -> Result<RunHandle, Error> {
        let claim = self.store.claim(run)?;
        let artifact = Reference::to(&start.artifact);
        let mut log = Log::new(run);
        let mut drafts = vec![start::draft(start, artifact, inheritance.parent.as_ref())];
        drafts.append(&mut inheritance.drafts);
        drafts.iter_mut().for_each(|draft| secrets.hide_json(&mut draft.payload));
        let mut batch = log.batch(drafts);
        batch.blobs.push((artifact, start.artifact.clone()));
        let inherited = std::mem::take(&mut inheritance.answers);
        batch.state = inheritance.state(run);
        let past = Past::from_entries(&*self.store, &batch.entries)?;
        let first = batch.entries.first().expect("a run begins with an entry").clone();
        let pace = Pace::from(0, false, self.mailbox.n_runs());
        let fold = Fold::default();
        let parts = Parts { claim, log, past, inherited, fold, secrets, first, pace };
        let address = self.address(run);
        let mut driver = self.driver(machine, parts, start.scope.clone(), address);
        driver.recorder.open(batch);
        Ok(self.drive(driver))
    }

    /// A run is heard of here from now on.
    pub(crate) fn address(&self, run: RunId) -> Address {
        let (signals, inbox) = inbox::inbox();
        let delivery = self.mailbox.deliver(&self.store, &self.event_loop, run, signals.clone());
        Address { run, signals, inbox, delivery }
    }

    /// The driver of a run that goes on.
    pub(crate) fn driver_of(
        &self,
        mut taken: Taken,
        address: Address,
    ) -> Result<Box<Driver>, Error> {
        let (run, recorded) = (address.run, &*taken.recorded);
        let hash = recorded.artifact.hash;
        let module = self.programs.get(hash, || load(&*self.store, run, recorded))?;
        let (inputs, secrets) = self.secrets_of(&module, &recorded.inputs)?;
        // A machine that is kept has no secrets; a script counts answers from the first on.
        let is_allowed = secrets.is_empty() && self.host.script.is_empty();
        if let Some(stand) = taken.stand.take() {
            let is_told = self.host.watch.is_none() || stand.counted.is_some();
            if is_allowed
                && is_told
                && let Some(machine) = compute::restored(&module, &stand.machine, self.host.tier)
            {
                return self.driver_from(*stand, taken, machine, address);
            }
            taken.entries = self.store.read(taken.claim.run(), 0)?;
        }
        let machine = compute::machine(&module, taken.recorded.limits, &inputs, self.host.tier)?;
        self.driver_from_beginning(taken, (machine, secrets), address)
    }

    /// The same, with a machine that goes all the way again.
    pub(crate) fn driver_from_beginning(
        &self,
        taken: Taken,
        (machine, secrets): (Box<dyn Compute>, Secrets),
        address: Address,
    ) -> Result<Box<Driver>, Error> {
        let Taken { claim, entries, recorded, is_kept, .. } = taken;
        let first = entries.first().expect("a run that is taken up has entries").clone();
        let log = Log::after(entries.last().expect("a run that is taken up has entries"));
        let past = Past::from_entries(&*self.store, &entries)?;
        let inherited = Inherited::of(&*self.store, &recorded, &|id| past.knows(id))?;
        let fold = self.fold(Fold::default(), &entries)?;
        let pace = Pace::from(log.next_seq(), is_kept, self.mailbox.n_runs());
        let parts = Parts { claim, log, past, inherited, fold, secrets, first, pace };
        Ok(self.resumed(self.driver(machine, parts, recorded.scope.clone(), address)))
    }

    /// The same, with a machine that stands somewhere on the way.
    fn driver_from(
        &self,
        stand: Stand,
        taken: Taken,
        machine: Box<dyn Compute>,
        address: Address,
    ) -> Result<Box<Driver>, Error> {
        let Taken { claim, entries, recorded, .. } = taken;
        let log = Log::after(entries.last().expect("entries follow a checkpoint"));
        let past = Past::from_stand(&*self.store, &stand, &entries)?;
        let inherited = Inherited::of(&*self.store, &recorded, &|id| past.knows(id))?;
        let Stand { seq, first, requests, cancelled, counted, output, .. } = stand;
        let fold = self.fold(Fold::after(&first, counted.unwrap_or_default()), &entries)?;
        let pace = Pace::from(seq, true, self.mailbox.n_runs());
        let secrets = Secrets::default();
        let parts = Parts { claim, log, past, inherited, fold, secrets, first, pace };
        let mut driver = self.driver(machine, parts, recorded.scope.clone(), address);
        driver.stands_at(requests, cancelled, output)?;
        Ok(self.resumed(driver))
    }

    /// A run that goes on says so first.
    fn resumed(&self, mut driver: Box<Driver>) -> Box<Driver> {
        driver.recorder.open_with(self.resumed.clone());
        // Its beginning is durable.
        driver.is_begun = true;
        driver
    }

    /// Lets a run go its way.
    pub(crate) fn drive(&self, mut driver: Box<Driver>) -> RunHandle {
        Company::of(1, self.store.clone()).take_in(&mut driver);
        let (run, signals) = (driver.world.run, driver.world.signals.clone());
        self.spawn(run, signals, driver.drive())
    }

    /// Gives a run to the thread that drives it.
    pub(crate) fn spawn(
        &self,
        run: RunId,
        signals: Signals,
        drive: impl Future<Output = Result<RunResult, Error>> + Send + 'static,
    ) -> RunHandle {
        let task = self.event_loop.spawn(drive);
        RunHandle { run, stopper: Stopper(signals), task, _event_loop: self.event_loop.clone() }
    }

    /// Ends every agent. Ready when nothing that an agent started is left.
    pub async fn shutdown(&self) {
        self.dispatcher.shutdown().await;
    }

    /// The events so far are not told again, but counted.
    fn fold(&self, mut fold: Fold, entries: &[Entry]) -> Result<Fold, Error> {
        if self.host.watch.is_some() {
            for entry in entries {
                fold.push(&*self.store, entry, |_| false, &mut Vec::new())?;
            }
        }
        Ok(fold)
    }

    fn driver(
        &self,
        machine: Box<dyn Compute>,
        parts: Parts,
        scope: Option<Arc<str>>,
        address: Address,
    ) -> Box<Driver> {
        let Address { run, signals, inbox, delivery } = address;
        let world = World {
            name: run.to_string().into(),
            run,
            store: self.store.clone(),
            dispatcher: self.dispatcher.clone(),
            script: self.host.script.clone(),
            own: self.host.serve.clone(),
            past: parts.past,
            inherited: parts.inherited,
            signals: signals.clone(),
            scope,
            unsaved: Default::default(),
        };
        let recorder = Recorder {
            store: self.store.clone(),
            claim: Arc::new(parts.claim),
            opening: Opening::default(),
            company: None,
            log: parts.log,
            fold: parts.fold,
            watch: self.host.watch.clone(),
            signals,
            // Seldom are more on their way.
            sent: VecDeque::with_capacity(2),
            secrets: parts.secrets,
            is_awaited: self.host.mode == Mode::Full,
            first: parts.first,
            pace: parts.pace,
            checkpoint: NextCheckpoint::Keep,
        };
        Box::new(Driver {
            machine,
            world,
            recorder,
            inbox,
            ask: self.host.ask.clone(),
            when_waiting: self.host.when_waiting,
            mode: self.host.mode,
            requests: Requests::default(),
            ready: VecDeque::new(),
            jobs: JoinSet::new(),
            output: Vec::new(),
            is_begun: false,
            _delivery: delivery,
        })
    }
}

/// Where a run is told something, also before it is driven.
pub(crate) struct Address {
    pub(crate) run: RunId,
    pub(crate) signals: Signals,
    inbox: Inbox,
    delivery: Delivery,
}

/// What a run has from the run that it was forked from.
#[derive(Default)]
pub(crate) struct Inheritance {
    pub(crate) parent: Option<Parent>,
    /// Entries that follow the first one.
    pub(crate) drafts: Vec<Draft>,
    /// Answers that it may still take.
    pub(crate) answers: Inherited,
    /// Keys and values of the run's own state.
    pub(crate) state: Vec<(Arc<str>, Arc<[u8]>)>,
}

impl Inheritance {
    fn state(self, run: RunId) -> Vec<StateWrite> {
        let scope: Arc<str> = run.to_string().into();
        let write = |(key, value)| StateWrite { at: StateKey { scope: scope.clone(), key }, value };
        self.state.into_iter().map(write).collect()
    }
}

/// What a driver owns of its run.
struct Parts {
    claim: Claim,
    log: Log,
    past: Past,
    inherited: Inherited,
    fold: Fold,
    secrets: Secrets,
    first: Entry,
    pace: Pace,
}

/// The program of a run, from its journal.
pub(crate) fn load(
    store: &dyn Store,
    run: RunId,
    recorded: &Recorded,
) -> Result<Arc<Verified>, Error> {
    let refused = |detail: String| Error::Program { run, detail };
    let bytes = store.blob(recorded.artifact)?;
    let module = prism_bytecode::decode(&bytes).map_err(|error| refused(error.to_string()))?;
    prism_bytecode::verify(module).map(Arc::new).map_err(|error| refused(error.to_string()))
}

impl RunHandle {
    pub fn run(&self) -> RunId {
        self.run
    }

    /// For Ctrl-C and for other tasks.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Waits until the run ends or is put down. An error leaves the run as the journal has it.
    pub async fn wait(self) -> Result<RunResult, Error> {
        match self.task.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The caller's runtime ends, and this task with it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Stopper {
    /// Stops what is under way, journals `interrupted`; `resume` goes on.
    pub fn interrupt(&self) {
        self.0.send(Signal::Stop(Stop::Interrupt));
    }

    /// Stops what is under way and ends the run.
    pub fn cancel(&self, reason: &str) {
        self.0.send(Signal::Stop(Stop::Cancel(reason.to_owned())));
    }
}
