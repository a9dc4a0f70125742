//! From a call to its outcome: queue, place, breaker, attempts, deadline.
//!
//! ```text
//! send → lane (queue, places, breaker) → pump (batches) → backend
//!   outcome ← way ← board ← reports ←──────────────────────┘
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::backoff::pause;
use crate::board::{Board, Pending};
use crate::breaker::Verdict;
use crate::lane::Lane;
use crate::pump::Pump;
use crate::way::{Next, Stage, Way};
use crate::{
    AgentCall, AgentError, AgentNote, AgentReply, AgentSpec, Attempt, Backend, BoxFuture, Delivery,
    Notes, Registry, errors,
};

/// Sends calls to agents. Cheap to clone; all clones share queues and breakers.
#[derive(Clone)]
pub struct Dispatcher {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    registry: Registry,
    lanes: HashMap<Arc<str>, Arc<Lane>>,
    pumps: HashMap<&'static str, Pump>,
    board: Arc<Board>,
    /// Where calls are on their way, whoever waits for them.
    runtime: Handle,
    /// Dropping it is the message.
    _end: oneshot::Sender<()>,
}

impl Dispatcher {
    /// Must be called inside a tokio runtime with time enabled.
    pub fn new(registry: Registry, backends: Vec<Arc<dyn Backend>>) -> Dispatcher {
        let board = Arc::new(Board::default());
        let lanes =
            registry.iter().map(|spec| (spec.name.clone(), Arc::new(Lane::new(spec)))).collect();
        let pumps = backends
            .into_iter()
            .map(|backend| (backend.name(), Pump::start(backend, board.clone())))
            .collect();
        let runtime = Handle::current();
        let (_end, end) = oneshot::channel();
        let inner = Arc::new(Inner { registry, lanes, pumps, board, runtime, _end });
        let closing = Closing(Arc::downgrade(&inner));
        inner.runtime.spawn(async move {
            // An error says that the other half was dropped, which is the message.
            let _ = end.await;
            drop(closing);
        });
        Dispatcher { inner }
    }

    /// The agents that can be called.
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// What is wrong with the agents before any is called: a missing program, a backend that is
    /// not there. One error per agent, in the order of the manifest.
    pub fn check(&self) -> Vec<AgentError> {
        let inner = &self.inner;
        let check = |spec: &Arc<AgentSpec>| inner.pump(spec)?.backend().check(spec);
        inner.registry.iter().filter_map(|spec| check(spec).err()).collect()
    }

    /// Calls an agent; `done` hears the outcome once, on any thread, unless the call is given up
    /// before. It must not block for long. A call whose runtime has stopped is cancelled.
    ///
    /// The call is on its way where its backend is: between the end of a call and the beginning of
    /// the next one in its place nobody else is waited for.
    pub fn send(
        &self,
        call: AgentCall,
        notes: Notes,
        done: impl FnOnce(Result<AgentReply, AgentError>) + Send + 'static,
    ) -> OnItsWay {
        let lane = match self.inner.lane(&call) {
            Ok(lane) => lane,
            Err(error) => {
                done(Err(error));
                return OnItsWay { way: Weak::new(), inner: self.inner.clone() };
            }
        };
        let rest = call.earlier.pause;
        let way = Arc::new(Way::new(call, lane, notes, Box::new(done)));
        let on_its_way = OnItsWay { way: Arc::downgrade(&way), inner: self.inner.clone() };
        match rest.is_zero() {
            true => self.inner.enter(way),
            false => self.inner.rest(way, rest),
        }
        on_its_way
    }

    /// The same, for who waits. The future may be dropped at any time: the call is then given up.
    pub fn submit(
        &self,
        call: AgentCall,
        notes: Notes,
    ) -> BoxFuture<Result<AgentReply, AgentError>> {
        let agent = call.agent.clone();
        let (tell, outcome) = oneshot::channel();
        let way = self.send(call, notes, move |outcome| {
            // Nobody listens when the call was given up.
            let _ = tell.send(outcome);
        });
        Box::pin(async move {
            let outcome = outcome.await;
            drop(way);
            outcome.unwrap_or_else(|_| Err(errors::cancelled(&agent)))
        })
    }

    /// Ends every attempt. Ready when nothing that an agent started is left.
    pub async fn shutdown(&self) {
        for pump in self.inner.pumps.values() {
            pump.backend().shutdown().await;
        }
    }
}

/// Gives its call up when dropped: an attempt that is out is cancelled and everything it started
/// is ended; its place is free again when that is done.
pub struct OnItsWay {
    way: Weak<Way>,
    inner: Arc<Inner>,
}

impl OnItsWay {
    /// Nobody wants the outcome any more.
    pub fn give_up(&self) {
        let Some(way) = self.way.upgrade() else { return };
        match way.give_up() {
            Some(Stage::Queued) => way.lane.passes_over(),
            Some(Stage::Out(ticket)) => {
                // Without its pump it would not be out.
                if let Ok(pump) = self.inner.pump(&way.lane.spec) {
                    pump.cancel(ticket);
                }
            }
            Some(Stage::Resting | Stage::Going) | None => {}
        }
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Cancels what is in the queues when the runtime stops, where nothing would take it out.
struct Closing(Weak<Inner>);

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(inner) = self.0.upgrade() {
            inner.lanes.values().for_each(|lane| drop(lane.close()));
        }
    }
}

/// The place of a call at its agent. The next call gets it when it is dropped.
pub(crate) struct Place {
    lane: Arc<Lane>,
    /// `None`: it was given away.
    inner: Option<Arc<Inner>>,
}

impl Place {
    /// Gives the place to the next call.
    pub(crate) fn free(mut self) -> Arc<Inner> {
        let inner = self.inner.take().expect("a place is given away once");
        inner.pass_on(&self.lane);
        inner
    }

    /// Whoever has the place from here on is known.
    fn keep(mut self) {
        self.inner = None;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            inner.pass_on(&self.lane);
        }
    }
}

impl Inner {
    fn lane(&self, call: &AgentCall) -> Result<Arc<Lane>, AgentError> {
        let spec = self.registry.get(&call.agent)?;
        if spec.delivery == Delivery::AtMostOnce && call.once.is_none() {
            return Err(errors::only_once(&call.agent));
        }
        Ok(self.lanes.get(&spec.name).expect("every agent of the registry has a lane").clone())
    }

    fn pump(&self, spec: &AgentSpec) -> Result<&Pump, AgentError> {
        self.pumps.get(&*spec.backend).ok_or_else(|| {
            let mut known: Vec<&str> = self.pumps.keys().copied().collect();
            known.sort_unstable();
            errors::no_backend(&spec.name, &spec.backend, &known)
        })
    }

    /// A call wants a place.
    fn enter(self: &Arc<Inner>, way: Arc<Way>) {
        match way.lane.enter(&way) {
            Ok(true) => {
                if !self.begin(&way) {
                    self.pass_on(&way.lane);
                }
            }
            Ok(false) => self.expire(&way),
            Err(error) => way.finish(Err(error)),
        }
    }

    /// A place is free: the next call gets it.
    fn pass_on(self: &Arc<Inner>, lane: &Lane) {
        while let Some(way) = lane.pass_on() {
            if self.begin(&way) {
                return;
            }
        }
    }

    /// A call in the queue fails when its time is over.
    fn expire(&self, way: &Arc<Way>) {
        let Some(until) = way.until() else { return };
        let late = Arc::downgrade(way);
        let task = self.runtime.spawn(async move {
            tokio::time::sleep_until(until.into()).await;
            if let Some(way) = late.upgrade().filter(|way| way.goes(Stage::Queued, Stage::Resting))
            {
                way.finish(Err(way.too_late()));
                way.lane.passes_over();
            }
        });
        way.keep(Stage::Queued, task.abort_handle());
    }

    /// The next attempt of a call that has a place. `false`: it has none any more.
    fn begin(self: &Arc<Inner>, way: &Arc<Way>) -> bool {
        let Some(gate) = &way.call.once else { return self.go_out(way) };
        let number = way.progress().number;
        way.note(AgentNote::AttemptStarted { number });
        if gate.is_open() {
            return self.go_out(way);
        }
        let (inner, behind, gate) = (self.clone(), way.clone(), gate.clone());
        let place = self.place(way);
        let task = self.runtime.spawn(async move {
            gate.opened().await;
            if inner.go_out(&behind) {
                place.keep();
            }
        });
        way.keep(Stage::Going, task.abort_handle());
        true
    }

    fn place(self: &Arc<Inner>, way: &Way) -> Place {
        Place { lane: way.lane.clone(), inner: Some(self.clone()) }
    }

    fn go_out(self: &Arc<Inner>, way: &Arc<Way>) -> bool {
        let (lane, spec) = (&way.lane, &way.lane.spec);
        let pump = match self.pump(spec) {
            Ok(pump) => pump,
            Err(error) => {
                way.finish(Err(error));
                return false;
            }
        };
        let epoch = match lane.ask(way) {
            Ok(epoch) => epoch,
            Err(error) => {
                way.finish(Err(error));
                return false;
            }
        };
        let number = way.progress().number;
        if way.call.once.is_none() {
            way.note(AgentNote::AttemptStarted { number });
        }
        let ticket = self.board.ticket();
        let end = Instant::now() + spec.timeout;
        let until = way.until().map_or(end, |until| until.min(end));
        let (spec, call) = (spec.clone(), way.call.clone());
        let attempt = Attempt { ticket, spec, call, number, until };
        // Who gives the call up now finds the attempt out, and its order behind that of the start.
        let mut progress = way.progress();
        if progress.is_over() {
            drop(progress);
            lane.tell(epoch, Verdict::Unknown);
            return false;
        }
        self.board.post(ticket, Pending { way: way.clone(), place: self.place(way), epoch });
        progress.goes_out(ticket);
        let is_sent = pump.start_attempt(attempt);
        drop(progress);
        if !is_sent && let Some(pending) = self.board.take(ticket) {
            // The runtime is gone.
            pending.place.keep();
            way.finish(Err(errors::cancelled(&lane.spec.name)));
            return false;
        }
        true
    }

    /// An attempt failed; another one may follow.
    pub(crate) fn failed(self: &Arc<Inner>, way: Arc<Way>, error: AgentError) {
        let retry = &way.lane.spec.retry;
        match way.failed(error, |failures| pause(retry, failures, fastrand::f64())) {
            Next::Attempt(wait) => self.rest(way, wait),
            Next::Nothing => {}
        }
    }

    /// A call pauses before it wants a place, but not longer than it has time.
    fn rest(self: &Arc<Inner>, way: Arc<Way>, pause: Duration) {
        let (inner, rested) = (self.clone(), Arc::downgrade(&way));
        let pause = pause.min(way.time_left());
        let task = self.runtime.spawn(async move {
            tokio::time::sleep(pause).await;
            inner.enter(way);
        });
        if let Some(way) = rested.upgrade() {
            way.keep(Stage::Resting, task.abort_handle());
        }
    }
}

#[cfg(test)]
mod tests;
