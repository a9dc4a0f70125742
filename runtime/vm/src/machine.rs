//! The machine: fibers, requests and answers around the interpreter.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use prism_bytecode::{FunctionId, Verified};

use crate::api::{
    Answer, EffectError, Limits, LoadError, Outcome, Request, RequestId, ResumeError, Trap,
};
use crate::calls::{Callee, Match, Target};
use crate::convert::{Functions, is_shallow, to_data};
use crate::core::{Core, LINE};
use crate::data::Data;
use crate::errors::{Limit, Problem, Raise};
use crate::fiber::{Delivery, End, Fiber, State, Wait};
use crate::heap::{FiberId, Other};
use crate::run::{Ask, Exit, run};
use crate::tier::Tier;
use crate::value::Value;

/// A program in progress. Owned by one thread at a time; `Send`.
pub struct Machine {
    core: Core,
    parts: Parts,
    /// New requests, until `run` hands them out.
    requests: Vec<Request>,
    /// The first request that `run` has not handed out.
    first_unseen: u64,
    /// Fibers to cancel that were running when that was asked.
    doomed: Vec<FiberId>,
    /// The outcome, once there is one.
    end: Option<Outcome>,
}

/// What a machine knows besides its [`Core`], and keeps between two `run`s.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) fibers: BTreeMap<FiberId, Box<Fiber>>,
    /// Fibers that can go on, in the order in which they became able to.
    pub(crate) ready: VecDeque<FiberId>,
    pub(crate) waiting: BTreeMap<RequestId, FiberId>,
    pub(crate) cancelled: Vec<RequestId>,
    pub(crate) n_requests: u64,
    pub(crate) n_fibers: u32,
    /// What to run after the entry function.
    pub(crate) next: Option<FunctionId>,
}

/// Bytes charged for a fiber beside its stack.
const FIBER: usize = size_of::<Fiber>() + 128;

const ROOT: FiberId = FiberId(0);

impl Machine {
    /// A machine at the start of a module's entry function. `inputs` are values of host names;
    /// names that the module does not know are ignored, names without a value are null.
    pub fn new(
        module: Arc<Verified>,
        limits: Limits,
        inputs: Vec<(Arc<str>, Data)>,
    ) -> Result<Machine, LoadError> {
        let entry = module.module().entry;
        let mut core = Core::new(module, limits);
        core.set_inputs(&inputs)?;
        let mut fiber = Box::new(Fiber::new(ROOT, "".into()));
        core.enter(&mut fiber, entry, Value::NULL, Vec::new());
        let parts = Parts {
            fibers: BTreeMap::from([(ROOT, fiber)]),
            ready: VecDeque::from([ROOT]),
            n_fibers: 1,
            ..Parts::default()
        };
        Ok(Machine::from_parts(core, parts))
    }

    /// A machine between two `run`s.
    pub(crate) fn from_parts(core: Core, parts: Parts) -> Machine {
        let first_unseen = parts.n_requests;
        let requests = Vec::new();
        Machine { core, parts, requests, first_unseen, doomed: Vec::new(), end: None }
    }

    /// Both halves of what a snapshot holds.
    pub(crate) fn split(&mut self) -> (&mut Core, &mut Parts) {
        (&mut self.core, &mut self.parts)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(crate) fn program(&self) -> &Verified {
        &self.core.program
    }

    /// A machine that runs the module's entry function and then the test with this index of
    /// [`Module::tests`](prism_bytecode::Module); the test's value is the outcome.
    pub fn for_test(
        module: Arc<Verified>,
        test: usize,
        limits: Limits,
        inputs: Vec<(Arc<str>, Data)>,
    ) -> Result<Machine, LoadError> {
        let function = module.module().tests.get(test).map(|test| test.function);
        let mut machine = Machine::new(module, limits, inputs)?;
        if let Some(function) = function {
            machine.parts.next = Some(function);
        }
        Ok(machine)
    }

    /// Brings native code for what gets hot. Results, errors and the fuel used stay the same.
    pub fn install(&mut self, tier: Box<dyn Tier>) {
        self.core.heap.portion = tier.interval().max(1);
        self.core.heap.deal();
        self.core.tier = Some(tier);
    }

    /// Runs until the program ends or every fiber waits.
    pub fn run(&mut self) -> Outcome {
        if let Some(end) = &self.end {
            return end.clone();
        }
        while let Some(id) = self.parts.ready.pop_front() {
            if let Some(end) = self.run_fiber(id) {
                self.cancel_all();
                self.end = Some(end.clone());
                return end;
            }
        }
        if self.parts.waiting.is_empty() {
            let trap = self
                .core
                .limited(self.parts.fibers.get(&ROOT).map(|fiber| &**fiber), Limit::Deadlock);
            self.end = Some(Outcome::Trap(trap.clone()));
            return Outcome::Trap(trap);
        }
        let mut requests = std::mem::take(&mut self.requests);
        // A request that was cancelled before the host saw it is simply not made.
        requests.retain(|request| self.parts.waiting.contains_key(&request.id));
        self.first_unseen = self.parts.n_requests;
        Outcome::Perform(requests)
    }

    /// Answers a request; the fiber goes on at the next `run`, in the order of the answers.
    pub fn resume(&mut self, id: RequestId, answer: Answer) -> Result<(), ResumeError> {
        let fiber = *self.parts.waiting.get(&id).ok_or(ResumeError::NotWaiting(id))?;
        let (Answer::Value(data) | Answer::Error(EffectError { data, .. })) = &answer;
        if !is_shallow(data) {
            return Err(ResumeError::TooDeep(id));
        }
        self.parts.waiting.remove(&id);
        let delivery = match self.core.answer(&answer) {
            Ok(delivery) => delivery,
            Err(Raise::Throw(error)) => Delivery::Throw(error),
            // Shows at the first back edge or call.
            Err(Raise::Limit(_)) => Delivery::Value(Value::NULL),
        };
        self.wake(fiber, delivery);
        Ok(())
    }

    /// The lines printed since the last call.
    pub fn take_output(&mut self) -> Vec<String> {
        let lines = std::mem::take(&mut self.core.output);
        let size: usize = lines.iter().map(|line| line.len() + LINE).sum();
        self.core.heap.shrink(size);
        lines
    }

    /// The points that a program compiled to count them has reached.
    pub fn reached(&self) -> &BTreeSet<u32> {
        &self.core.reached
    }

    /// Requests whose fiber was cancelled since the last call: nobody waits for them any more.
    pub fn take_cancelled(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.parts.cancelled)
    }

    /// Fuel used so far.
    pub fn fuel_used(&self) -> u64 {
        self.core.limits.fuel.saturating_sub(self.core.heap.fuel_left())
    }

    /// Bytes of heap and registers in use.
    pub fn memory_used(&self) -> usize {
        self.core.heap.bytes()
    }

    /// Runs one fiber as far as it goes; the outcome if that ends the program.
    fn run_fiber(&mut self, id: FiberId) -> Option<Outcome> {
        let mut fiber = self.parts.fibers.remove(&id)?;
        if matches!(fiber.state, State::Over(_)) {
            self.parts.fibers.insert(id, fiber);
            return None;
        }
        let grown = fiber.reach(fiber.base as usize);
        self.core.heap.grow(grown);
        let end = loop {
            match run(&mut self.core, &mut fiber) {
                Exit::Done(value) => break self.done(&mut fiber, value),
                Exit::Failed(value) => break self.failed(&mut fiber, value),
                Exit::Limit(limit) => {
                    break Some(Outcome::Trap(self.core.limited(Some(&fiber), limit)));
                }
                Exit::Ask(ask) => match self.ask(&mut fiber, ask) {
                    Ok(true) => {}
                    Ok(false) => break None,
                    Err(Raise::Throw(error)) => {
                        fiber.state = State::Delivered(Delivery::Throw(error));
                    }
                    Err(Raise::Limit(limit)) => {
                        break Some(Outcome::Trap(self.core.limited(Some(&fiber), limit)));
                    }
                },
            }
        };
        self.parts.fibers.insert(id, fiber);
        for id in std::mem::take(&mut self.doomed) {
            self.cancel(id);
        }
        self.collect_dropped();
        end
    }

    /// Carries out what a fiber asks for; whether it can go on at once.
    fn ask(&mut self, fiber: &mut Fiber, ask: Ask) -> Result<bool, Raise> {
        match ask {
            Ask::Perform { site, args } => {
                let result = self.perform(fiber, site, &args);
                let mut args = args;
                self.core.release_all(&mut args);
                result.map(|()| false)
            }
            Ask::Spawn { args } => {
                let handle = self.spawn(fiber, args)?;
                fiber.state = State::Delivered(Delivery::Value(handle));
                Ok(true)
            }
            Ask::Join(value) => self.join(fiber, value),
            Ask::JoinAny(value) => self.join_any(fiber, value),
            Ask::Cancel(value) => {
                if let Some(id) = self.core.fiber_of(value) {
                    self.cancel(id);
                }
                fiber.state = State::Ready;
                Ok(true)
            }
        }
    }

    fn perform(
        &mut self,
        fiber: &mut Fiber,
        site: prism_bytecode::SiteId,
        args: &[Value],
    ) -> Result<(), Raise> {
        if self.parts.n_requests >= self.core.limits.requests {
            return Err(Raise::Limit(Limit::Requests(self.core.limits.requests)));
        }
        let mut data = Vec::with_capacity(args.len());
        for &arg in args {
            data.push(to_data(&mut self.core, arg, Functions::Refused)?);
        }
        let effect = self.core.program.module().sites[site.index()].effect;
        let effect = self.core.module_text(effect).clone();
        let effect_id = self.core.effect_id(fiber, site).into();
        let id = RequestId(self.parts.n_requests);
        self.parts.n_requests += 1;
        let at = self.core.place_in_program(fiber);
        if self.requests.capacity() == 0 {
            // Most machines ask for one thing at a time.
            self.requests.reserve_exact(1);
        }
        self.requests.push(Request { id, effect, effect_id, args: data, at });
        self.parts.waiting.insert(id, fiber.id);
        fiber.state = State::Waiting(Wait::Answer(id));
        let freed = fiber.compact();
        self.core.heap.shrink(freed);
        Ok(())
    }

    /// A new fiber that runs `args[0]` with the others. Takes over the arguments.
    fn spawn(&mut self, parent: &mut Fiber, mut args: Vec<Value>) -> Result<Value, Raise> {
        let function = args.remove(0);
        let callee = self.core.callee(function);
        self.core.heap.release(function);
        let callee = match callee {
            Ok(callee) => callee,
            Err(raise) => {
                self.core.release_all(&mut args);
                return Err(raise);
            }
        };
        let id = FiberId(self.parts.n_fibers);
        let path = self.core.child_path(parent);
        let mut fiber = Box::new(Fiber::new(id, path.into()));
        self.core.heap.grow(FIBER + fiber.stack.len() * size_of::<Value>());
        self.core.inherit_handlers(parent, &mut fiber);
        self.start(&mut fiber, callee, args)?;
        // Its turn may come when many others have been spawned.
        let freed = fiber.compact();
        self.core.heap.shrink(freed);
        self.parts.n_fibers += 1;
        self.note_child(parent, id);
        if !matches!(fiber.state, State::Over(_)) {
            self.parts.ready.push_back(id);
        }
        self.parts.fibers.insert(id, fiber);
        Ok(self.core.heap.new_other(Other::Fiber(id)))
    }

    /// Notes a child, and from time to time forgets those that are over.
    fn note_child(&self, parent: &mut Fiber, child: FiberId) {
        if parent.children.len() >= 64 && parent.children.len().is_power_of_two() {
            parent.children.retain(|id| !self.is_over(*id) && self.parts.fibers.contains_key(id));
        }
        parent.children.push(child);
    }

    /// Puts a fiber at the start of a function. Takes over everything.
    fn start(
        &mut self,
        fiber: &mut Fiber,
        callee: Callee,
        mut args: Vec<Value>,
    ) -> Result<(), Raise> {
        if let Some(receiver) = callee.receiver {
            args.insert(0, receiver);
        }
        match callee.target {
            Target::Function { id, closure } => {
                self.core.fit(id, &mut args, Match::Exact)?;
                fiber.confidence = callee.confidence;
                self.core.enter(fiber, id, closure, args);
            }
            Target::Native(id) => {
                let result = self.core.native(id, &mut args);
                self.core.release_all(&mut args);
                fiber.state = State::Over(match result {
                    Ok(value) => End::Returned(self.core.result(value, callee.confidence)),
                    Err(Raise::Throw(error)) => End::Threw(error),
                    Err(limit) => return Err(limit),
                });
            }
        }
        Ok(())
    }

    // Waiting for each other.

    fn join(&mut self, fiber: &mut Fiber, value: Value) -> Result<bool, Raise> {
        if let Some((value, is_rejected)) = self.core.promise(value) {
            fiber.state = State::Delivered(delivered(value, is_rejected));
            return Ok(true);
        }
        let Some(id) = self.core.fiber_of(value) else {
            let found = self.core.type_name(value);
            return Err(self.core.problem(&Problem::NotAFiber(found)));
        };
        match self.result_of(id) {
            Some(delivery) => {
                fiber.state = State::Delivered(delivery);
                Ok(true)
            }
            None => {
                if let Some(other) = self.parts.fibers.get_mut(&id) {
                    other.add_waiter(fiber.id);
                }
                fiber.state = State::Waiting(Wait::Join(id));
                Ok(false)
            }
        }
    }

    fn join_any(&mut self, fiber: &mut Fiber, value: Value) -> Result<bool, Raise> {
        let handles = self.core.spread_args(value)?;
        let mut ids = Vec::with_capacity(handles.len());
        let mut first = None;
        for (at, &handle) in handles.iter().enumerate() {
            let id = self.core.fiber_of(handle);
            let is_over = id.is_none_or(|id| self.is_over(id));
            if is_over && first.is_none() {
                first = Some(at);
            }
            ids.push(id.unwrap_or(fiber.id));
        }
        let mut handles = handles;
        self.core.release_all(&mut handles);
        if let Some(at) = first {
            fiber.state = State::Delivered(Delivery::Value(Value::number(at as f64)));
            return Ok(true);
        }
        for id in &ids {
            if let Some(other) = self.parts.fibers.get_mut(id) {
                other.add_waiter(fiber.id);
            }
        }
        fiber.state = State::Waiting(Wait::JoinAny(ids));
        Ok(false)
    }

    fn is_over(&self, id: FiberId) -> bool {
        match self.parts.fibers.get(&id) {
            Some(fiber) => matches!(fiber.state, State::Over(_)),
            None => false,
        }
    }

    /// What `Join` of a fiber gives, once it is over.
    fn result_of(&mut self, id: FiberId) -> Option<Delivery> {
        let fiber = self.parts.fibers.get(&id)?;
        let State::Over(end) = &fiber.state else { return None };
        Some(match end {
            End::Returned(value) => Delivery::Value(self.core.heap.share(*value)),
            End::Threw(error) => {
                self.core.unseen.remove(&id);
                Delivery::Throw(self.core.heap.share(*error))
            }
            End::Cancelled => match self.core.problem(&Problem::Cancelled) {
                Raise::Throw(error) => Delivery::Throw(error),
                Raise::Limit(_) => Delivery::Value(Value::NULL),
            },
        })
    }

    /// Makes a waiting fiber ready.
    fn wake(&mut self, id: FiberId, delivery: Delivery) {
        if let Some(fiber) = self.parts.fibers.get_mut(&id) {
            fiber.state = State::Delivered(delivery);
            self.parts.ready.push_back(id);
        }
    }

    // Ends.

    fn done(&mut self, fiber: &mut Fiber, value: Value) -> Option<Outcome> {
        let value = self.core.result(value, fiber.confidence);
        if fiber.id != ROOT {
            let end = if fiber.is_cancelled {
                self.core.heap.release(value);
                End::Cancelled
            } else {
                End::Returned(value)
            };
            self.end_fiber(fiber, end);
            return None;
        }
        if let Some(next) = self.parts.next.take() {
            self.core.heap.release(value);
            fiber.base = 0;
            fiber.n_regs = 0;
            self.core.enter(fiber, next, Value::NULL, Vec::new());
            self.parts.ready.push_front(ROOT);
            return None;
        }
        let result = to_data(&mut self.core, value, Functions::ByName);
        self.core.heap.release(value);
        Some(match result {
            Ok(data) => Outcome::Done(data),
            Err(Raise::Throw(error)) => Outcome::Trap(self.core.failed(fiber, error)),
            // The program is over, and at no place any more.
            Err(Raise::Limit(limit)) => Outcome::Trap(self.core.limited(None, limit)),
        })
    }

    fn failed(&mut self, fiber: &mut Fiber, error: Value) -> Option<Outcome> {
        if fiber.id == ROOT {
            let trap: Trap = self.core.failed(fiber, error);
            return Some(Outcome::Trap(trap));
        }
        let end = if fiber.is_cancelled {
            // Nobody waits for a result: an error of a `finally` has nowhere to go.
            self.core.heap.release(error);
            End::Cancelled
        } else {
            End::Threw(error)
        };
        self.end_fiber(fiber, end);
        None
    }

    /// Ends a fiber: what it spawned and nobody ended is cancelled, who waits for it goes on.
    fn end_fiber(&mut self, fiber: &mut Fiber, end: End) {
        for child in std::mem::take(&mut fiber.children) {
            self.cancel(child);
        }
        let waiters = std::mem::take(&mut fiber.waiters);
        fiber.state = State::Over(end);
        self.core.over.insert(fiber.id);
        if matches!(fiber.state, State::Over(End::Threw(_))) {
            self.core.unseen.insert(fiber.id);
        }
        for waiter in waiters {
            self.notify(waiter, fiber);
        }
        let freed = fiber.drop_stack();
        self.core.heap.shrink(freed);
        if fiber.is_dropped {
            self.core.heap.dropped_fibers.push(fiber.id);
        }
    }

    /// Tells a waiting fiber that another one, which is not in the table, is over.
    fn notify(&mut self, waiter: FiberId, over: &Fiber) {
        let Some(fiber) = self.parts.fibers.get(&waiter) else { return };
        let delivery = match &fiber.state {
            State::Waiting(Wait::Join(id)) if *id == over.id => match &over.state {
                State::Over(End::Returned(value)) => Delivery::Value(self.core.heap.share(*value)),
                State::Over(End::Threw(error)) => {
                    self.core.unseen.remove(&over.id);
                    Delivery::Throw(self.core.heap.share(*error))
                }
                State::Over(End::Cancelled) => match self.core.problem(&Problem::Cancelled) {
                    Raise::Throw(error) => Delivery::Throw(error),
                    Raise::Limit(_) => return,
                },
                State::Ready | State::Delivered(_) | State::Waiting(_) => return,
            },
            State::Waiting(Wait::JoinAny(ids)) => match ids.iter().position(|id| *id == over.id) {
                Some(at) => Delivery::Value(Value::number(at as f64)),
                None => return,
            },
            State::Ready | State::Delivered(_) | State::Waiting(_) | State::Over(_) => return,
        };
        self.wake(waiter, delivery);
    }

    /// Cancels a fiber and everything it spawned. What has a `finally` to run goes on with that;
    /// cancelling it again changes nothing.
    fn cancel(&mut self, id: FiberId) {
        let mut doomed = vec![id];
        while let Some(id) = doomed.pop() {
            if self.is_over(id) {
                continue;
            }
            let Some(mut fiber) = self.parts.fibers.remove(&id) else {
                self.doomed.push(id);
                continue;
            };
            if !matches!(fiber.state, State::Over(_)) && !fiber.is_cancelled {
                fiber.is_cancelled = true;
                doomed.append(&mut fiber.children);
                self.interrupt(&mut fiber);
            }
            self.parts.fibers.insert(id, fiber);
        }
    }

    /// Ends a fiber, or sends it through its `finally` blocks.
    fn interrupt(&mut self, fiber: &mut Fiber) {
        let is_started = !matches!(fiber.state, State::Ready);
        let is_queued = !matches!(fiber.state, State::Waiting(_));
        self.stop_waiting(fiber);
        if !is_started || !self.core.has_finally(fiber) {
            self.strip(fiber);
            return self.end_fiber(fiber, End::Cancelled);
        }
        // What a clause of it was to throw gives way, so that all of the fiber is left.
        for value in &mut fiber.parked {
            if self.core.heap.other(*value).is_none() {
                self.core.heap.release(std::mem::replace(value, Value::CANCEL));
            }
        }
        fiber.state = State::Delivered(Delivery::Throw(Value::CANCEL));
        if !is_queued {
            self.parts.ready.push_back(fiber.id);
        }
    }

    /// Takes from a fiber what it waits for, or what it was to go on with.
    fn stop_waiting(&mut self, fiber: &mut Fiber) {
        match std::mem::replace(&mut fiber.state, State::Ready) {
            State::Waiting(Wait::Answer(request)) => {
                self.parts.waiting.remove(&request);
                if request.0 < self.first_unseen {
                    self.parts.cancelled.push(request);
                }
            }
            State::Delivered(Delivery::Value(value) | Delivery::Throw(value)) => {
                self.core.heap.release(value);
            }
            State::Ready | State::Waiting(Wait::Join(_) | Wait::JoinAny(_)) | State::Over(_) => {}
        }
    }

    /// Takes everything from a fiber that will not go on.
    fn strip(&mut self, fiber: &mut Fiber) {
        for slot in &mut fiber.stack {
            self.core.heap.release(std::mem::take(slot));
        }
        self.core.heap.release(std::mem::take(&mut fiber.closure));
        for frame in fiber.frames.drain(..) {
            self.core.heap.release(frame.closure);
        }
        for mut installed in fiber.handlers.drain(..) {
            self.core.release_all(&mut installed.functions);
        }
        self.core.release_all(&mut fiber.parked);
    }

    /// The end of the program: nothing goes on, nothing is asked.
    fn cancel_all(&mut self) {
        self.parts.ready.clear();
        self.requests.clear();
        let waiting = std::mem::take(&mut self.parts.waiting).into_keys();
        self.parts.cancelled.extend(waiting.filter(|id| id.0 < self.first_unseen));
    }

    /// Forgets fibers that are over and that nobody can ask about, and dropped continuations.
    fn collect_dropped(&mut self) {
        while let Some(index) = self.core.heap.dropped_continuations.pop() {
            self.core.drop_continuation(index);
        }
        while let Some(id) = self.core.heap.dropped_fibers.pop() {
            let Some(fiber) = self.parts.fibers.get_mut(&id) else { continue };
            match fiber.state {
                State::Over(End::Returned(value) | End::Threw(value)) => {
                    self.core.heap.release(value);
                }
                State::Over(End::Cancelled) => {}
                State::Ready | State::Delivered(_) | State::Waiting(_) => {
                    fiber.is_dropped = true;
                    continue;
                }
            }
            self.core.over.remove(&id);
            self.core.unseen.remove(&id);
            self.parts.fibers.remove(&id);
            self.core.heap.shrink(FIBER);
        }
    }
}

fn delivered(value: Value, is_rejected: bool) -> Delivery {
    if is_rejected { Delivery::Throw(value) } else { Delivery::Value(value) }
}

const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<Machine>();
};
