//! Calls: what a value calls, how arguments become registers, how functions end.
//!
//! A callee's registers lie above those of its caller, whatever the caller uses: `base` of the
//! callee is `base + n_regs` of the caller. Everything above the registers of the innermost
//! function is null.

use std::sync::Arc;

use prism_bytecode::{Entry, FunctionId, KeysId, NATIVES, Native, NativeId, Reg};

use crate::core::Core;
use crate::errors::{Arity, Limit, Problem, Raise, Run};
use crate::fiber::{Fiber, Frame, FrameKind, PLAIN_CALL};
use crate::heap::{Method, Other};
use crate::natives;
use crate::value::{Tag, Value};

/// What a call calls. Owns its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callee {
    pub(crate) target: Target,
    /// Comes before the arguments: the receiver of a method.
    pub(crate) receiver: Option<Value>,
    /// Multiplies the confidence of the result; negative for none.
    pub(crate) confidence: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The closure is null for a function without captures.
    Function {
        id: FunctionId,
        closure: Value,
    },
    Native(NativeId),
}

/// How arguments meet parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// Too many arguments are a mistake.
    Exact,
    /// A callback: arguments that the function does not take are dropped.
    Offer,
}

impl Core {
    /// What a value calls. Borrows the value.
    pub(crate) fn callee(&mut self, value: Value) -> Run<Callee> {
        let confidence = self.heap.confidence(value).unwrap_or(PLAIN_CALL);
        let plain = self.heap.plain(value);
        if let Some(id) = plain.as_function() {
            let target = Target::Function { id, closure: Value::NULL };
            return Ok(Callee { target, receiver: None, confidence });
        }
        if let Some(id) = plain.as_native() {
            return Ok(Callee { target: Target::Native(id), receiver: None, confidence });
        }
        if plain.tag() == Tag::Closure {
            let id = self.heap.closures.get(plain.index()).function;
            let closure = self.heap.share(plain);
            let target = Target::Function { id, closure };
            return Ok(Callee { target, receiver: None, confidence });
        }
        if let Some(Other::Bound { receiver, method }) = self.heap.other(plain) {
            let (receiver, target) = (*receiver, method_target(*method));
            let receiver = Some(self.heap.share(receiver));
            return Ok(Callee { target, receiver, confidence });
        }
        let found = self.type_name(plain);
        Err(self.problem(&Problem::NotCallable(found)))
    }

    /// What `receiver.name(…)` calls. Borrows the receiver.
    pub(crate) fn method_callee(
        &mut self,
        receiver: Value,
        name: &Arc<str>,
        at: usize,
    ) -> Run<Callee> {
        let confidence = self.heap.confidence(receiver);
        let plain = self.heap.plain(receiver);
        let field = if plain.is_object() { self.heap.get_key(plain, name) } else { None };
        if let Some(field) = field {
            let mut callee = self.callee(field)?;
            callee.confidence = product(callee.confidence, confidence);
            return Ok(callee);
        }
        if plain.is_null() {
            return Err(self.problem(&Problem::PropertyOfNull(name.clone())));
        }
        let kind = self.kind(plain);
        let method = match self.cached_method(at, kind) {
            Some(method) => method,
            None => {
                let Some(method) = self.find_method(kind, name) else {
                    let problem = Problem::NoMethod { name: name.clone(), of: kind.into() };
                    return Err(self.problem(&problem));
                };
                self.cache_method(at, kind, method);
                method
            }
        };
        let target = method_target(method);
        let confidence = confidence.unwrap_or(PLAIN_CALL);
        Ok(Callee { target, receiver: Some(self.heap.share(plain)), confidence })
    }

    /// How many arguments a callback is given at most; infinity for what is none.
    pub(crate) fn takes(&self, value: Value) -> f64 {
        let plain = self.heap.plain(value);
        let of_function = |id: FunctionId| {
            let entry = self.program.functions()[id.index()];
            if entry.has_rest { f64::INFINITY } else { f64::from(entry.n_params) }
        };
        let of_native = |id: NativeId| match NATIVES[id.index()].max {
            Native::ANY => f64::INFINITY,
            max => f64::from(max),
        };
        if let Some((id, _)) = self.plain_function(plain) {
            return of_function(id);
        }
        if let Some(id) = plain.as_native() {
            return of_native(id);
        }
        // The receiver comes first.
        match self.heap.other(plain) {
            Some(Other::Bound { method: Method::Function(id), .. }) => of_function(*id) - 1.0,
            Some(Other::Bound { method: Method::Native(id), .. }) => of_native(*id) - 1.0,
            _ => f64::INFINITY,
        }
    }

    /// Calls. Takes over callee and arguments. On return the fiber is inside the callee, or the
    /// result is in `dst` of the running function.
    pub(crate) fn call(
        &mut self,
        fiber: &mut Fiber,
        callee: Callee,
        mut args: Vec<Value>,
        how: Match,
        dst: Reg,
    ) -> Run<()> {
        if let Some(receiver) = callee.receiver {
            args.insert(0, receiver);
        }
        match callee.target {
            Target::Function { id, closure } => {
                let kind =
                    if callee.confidence < 0.0 { FrameKind::Call } else { FrameKind::Scaled };
                let frame = self.frame(fiber, dst, callee.confidence, kind)?;
                if let Err(raise) = self.fit(id, &mut args, how) {
                    self.release_all(&mut args);
                    self.heap.release(closure);
                    return Err(raise);
                }
                fiber.frames.push(frame);
                self.enter(fiber, id, closure, args);
                Ok(())
            }
            Target::Native(id) => {
                let result = self.call_native(id, &mut args, how);
                self.release_all(&mut args);
                let result = self.result(result?, callee.confidence);
                self.put_result(fiber, dst, result);
                Ok(())
            }
        }
    }

    /// The state of the running function, for the return of a call. Pays for the call.
    pub(crate) fn frame(
        &mut self,
        fiber: &Fiber,
        dst: Reg,
        confidence: f64,
        kind: FrameKind,
    ) -> Run<Frame> {
        if self.heap.fuel == 0 {
            self.heap.refuel()?;
        }
        self.heap.fuel -= 1;
        if fiber.frames.len() >= self.limits.depth as usize {
            return Err(Raise::Limit(Limit::Depth(self.limits.depth)));
        }
        let Fiber { pc, base, closure, n_regs, .. } = *fiber;
        Ok(Frame { pc, base, closure, confidence, n_regs, dst, kind })
    }

    /// The function of a value that is a plain function, with its closure, which stays where it is.
    #[inline(always)]
    pub(crate) fn plain_function(&self, value: Value) -> Option<(FunctionId, Value)> {
        match self.heap.closures.find(value.in_closures()) {
            Some(closure) => Some((closure.function, value)),
            None => value.as_function().map(|id| (id, Value::NULL)),
        }
    }

    /// Makes the arguments fit: fills in what is missing, collects the rest, counts.
    pub(crate) fn fit(&mut self, id: FunctionId, args: &mut Vec<Value>, how: Match) -> Run<()> {
        let entry = self.program.functions()[id.index()];
        let positional = usize::from(entry.n_params) - usize::from(entry.has_rest);
        if how == Match::Offer && !entry.has_rest && args.len() > positional {
            for extra in args.split_off(positional) {
                self.heap.release(extra);
            }
        }
        let is_short = args.len() < usize::from(entry.n_required)
            || args.iter().take(usize::from(entry.n_required)).any(|&arg| arg == Value::MISSING);
        let is_long = args.len() > positional && !entry.has_rest;
        if is_short || is_long {
            return Err(self.arity(id, entry, args));
        }
        let rest = if args.len() > positional { args.split_off(positional) } else { Vec::new() };
        args.resize(positional, Value::MISSING);
        if entry.has_rest {
            args.push(self.heap.new_array(rest));
        }
        Ok(())
    }

    #[cold]
    pub(crate) fn arity(&mut self, id: FunctionId, entry: Entry, args: &[Value]) -> Raise {
        let module = self.program.module();
        let function = &module.functions[id.index()];
        let name = module.strings[function.name.index()].clone();
        let max = (!entry.has_rest).then_some(usize::from(entry.n_params));
        let wanted = Arity { min: usize::from(entry.n_required), max };
        let found = args.iter().filter(|&&arg| arg != Value::MISSING).count();
        self.problem(&Problem::Arity { function: name, wanted, found })
    }

    /// Makes a function the running one. Takes over closure and arguments, which fit.
    pub(crate) fn enter(
        &mut self,
        fiber: &mut Fiber,
        id: FunctionId,
        closure: Value,
        args: Vec<Value>,
    ) {
        let entry = self.program.functions()[id.index()];
        let base = fiber.base as usize + usize::from(fiber.n_regs);
        let grown = fiber.reach(base);
        self.heap.grow(grown);
        fiber.stack[base..base + args.len()].copy_from_slice(&args);
        fiber.pc = entry.start;
        fiber.base = base as u32;
        fiber.n_regs = entry.n_regs;
        fiber.closure = closure;
    }

    /// Calls a function of the machine. Borrows or takes from the arguments; the result is owned.
    pub(crate) fn call_native(
        &mut self,
        id: NativeId,
        args: &mut Vec<Value>,
        how: Match,
    ) -> Run<Value> {
        let Native { max, .. } = NATIVES[id.index()];
        if how == Match::Offer && max != Native::ANY && args.len() > usize::from(max) {
            for extra in args.split_off(usize::from(max)) {
                self.heap.release(extra);
            }
        }
        self.native(id, args)
    }

    /// The same with exactly the arguments of a window.
    pub(crate) fn native(&mut self, id: NativeId, args: &mut [Value]) -> Run<Value> {
        let Native { name, min, max } = NATIVES[id.index()];
        let n_args = args.len();
        if n_args < usize::from(min) || (max != Native::ANY && n_args > usize::from(max)) {
            let max = (max != Native::ANY).then_some(usize::from(max));
            let is_method = name.starts_with(|c: char| c.is_lowercase()) && name.contains('.');
            let less = usize::from(is_method && !name.starts_with("console."));
            let wanted = Arity { min: usize::from(min) - less, max: max.map(|max| max - less) };
            let found = n_args.saturating_sub(less);
            return Err(self.problem(&Problem::Arity { function: name.into(), wanted, found }));
        }
        natives::run(self, id, args)
    }

    /// The result of a call, with the factor of its callee. Takes over the value.
    #[inline(always)]
    pub(crate) fn result(&mut self, value: Value, factor: f64) -> Value {
        if factor < 0.0 { value } else { self.scaled(value, Some(factor)) }
    }

    /// Writes a register of the running function. Takes over the value.
    pub(crate) fn put_result(&mut self, fiber: &mut Fiber, dst: Reg, value: Value) {
        let slot = &mut fiber.stack[fiber.base as usize + usize::from(dst.0)];
        let old = std::mem::replace(slot, value);
        self.heap.release(old);
    }

    pub(crate) fn release_all(&mut self, values: &mut Vec<Value>) {
        for value in values.drain(..) {
            self.heap.release(value);
        }
    }

    /// Releases the registers of the running function and its closure.
    pub(crate) fn clear_registers(&mut self, fiber: &mut Fiber) {
        let base = fiber.base as usize;
        for at in base..base + usize::from(fiber.n_regs) {
            let value = std::mem::take(&mut fiber.stack[at]);
            self.heap.release(value);
        }
        let closure = std::mem::take(&mut fiber.closure);
        self.heap.release(closure);
    }

    /// Puts named arguments, which come last, where the callee wants them.
    pub(crate) fn place_names(
        &mut self,
        callee: &Callee,
        args: &mut Vec<Value>,
        names: KeysId,
    ) -> Run<()> {
        let program = self.program.clone();
        let module = program.module();
        let names = &module.keys[names.index()];
        let named = args.split_off(args.len() - names.len().min(args.len()));
        let skipped = usize::from(callee.receiver.is_some());
        for (at, name) in names.iter().enumerate() {
            let name = &module.strings[name.index()];
            match self.place_of(callee.target, name, skipped, args) {
                Ok(place) => args[place] = named[at],
                Err(raise) => {
                    args.extend(&named[at..]);
                    return Err(raise);
                }
            }
        }
        Ok(())
    }

    /// The free place of a named argument.
    fn place_of(
        &mut self,
        target: Target,
        name: &Arc<str>,
        skipped: usize,
        args: &mut Vec<Value>,
    ) -> Run<usize> {
        let place = match target {
            Target::Function { id, .. } => self.parameter(id, name),
            Target::Native(_) => None,
        };
        let (function, name) = (self.target_name(target), name.clone());
        let Some(place) = place.and_then(|place| place.checked_sub(skipped)) else {
            return Err(self.problem(&Problem::NoParameter { function, name }));
        };
        if args.len() <= place {
            args.resize(place + 1, Value::MISSING);
        }
        if args[place] != Value::MISSING {
            return Err(self.problem(&Problem::ParameterTwice { function, name }));
        }
        Ok(place)
    }

    /// The position of a parameter that can be named.
    fn parameter(&self, id: FunctionId, name: &str) -> Option<usize> {
        let module = self.program.module();
        let function = &module.functions[id.index()];
        let positional = function.params.len() - usize::from(function.has_rest);
        let mut params = function.params[..positional].iter();
        params.position(|param| *module.strings[param.name.index()] == *name)
    }

    fn target_name(&self, target: Target) -> Arc<str> {
        match target {
            Target::Function { id, .. } => self.method_name(Method::Function(id)),
            Target::Native(id) => self.method_name(Method::Native(id)),
        }
    }

    /// The elements of an array as arguments, each held once more.
    pub(crate) fn spread_args(&mut self, args: Value) -> Run<Vec<Value>> {
        let plain = self.heap.plain(args);
        let Some(items) = self.heap.array(plain) else {
            let found = self.type_name(plain);
            return Err(self.problem(&Problem::Spread { wanted: "arguments", found }));
        };
        let items = items.to_vec();
        self.heap.work(items.len())?;
        for &item in &items {
            self.heap.retain(item);
        }
        Ok(items)
    }
}

/// The callee of `Inst::Call`.
pub(crate) fn direct(id: FunctionId) -> Callee {
    let target = Target::Function { id, closure: Value::NULL };
    Callee { target, receiver: None, confidence: PLAIN_CALL }
}

fn method_target(method: Method) -> Target {
    match method {
        Method::Function(id) => Target::Function { id, closure: Value::NULL },
        Method::Native(id) => Target::Native(id),
    }
}

/// Two factors of a result, each negative or `None` for none.
fn product(a: f64, b: Option<f64>) -> f64 {
    match b {
        Some(b) if a >= 0.0 => a * b,
        Some(b) => b,
        None => a,
    }
}
