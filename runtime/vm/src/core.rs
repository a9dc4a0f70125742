//! Everything of a machine that is not a fiber: program, heap, variables, limits, output.

use std::collections::BTreeSet;
use std::sync::Arc;

use prism_bytecode::{Constant, Entry, Kind, Ready, Reg, Step, StrId, Verified, Word};

use crate::api::{Answer, EffectError, Limits, LoadError, Location};
use crate::convert::{from_data, is_shallow};
use crate::data::Data;
use crate::errors::{Problem, Raise, Run, THROWN, TypeName};
use crate::fiber::{Continuation, Delivery, Fiber};
use crate::heap::{AtomId, FiberId, Heap, Method, Other, Shapes};
use crate::tier::{Left, State, Tier};
use crate::value::{Tag, Value};

/// Bytes charged for a printed line beside its text.
pub(crate) const LINE: usize = 32;

/// The registers that instructions reach.
pub(crate) type Window = [Value; 256];

/// Takes the values of `count` registers from `first` on.
pub(crate) fn take_window(regs: &mut Window, first: usize, count: u8) -> Vec<Value> {
    regs[first..first + usize::from(count)].iter_mut().map(std::mem::take).collect()
}

/// What a member instruction remembers: shape, position, and the shape after adding.
pub(crate) type Cache = [u32; 3];

pub(crate) struct Core {
    pub(crate) program: Arc<Verified>,
    pub(crate) heap: Heap,
    /// Native code, if the host brought some, and the code with its entries marked.
    pub(crate) tier: Option<Box<dyn Tier>>,
    pub(crate) marked: Option<Arc<[Ready]>>,
    pub(crate) limits: Limits,
    /// A copy of the program's, one step nearer.
    pub(crate) entries: Box<[Entry]>,
    /// One value per constant of the module.
    pub(crate) constants: Vec<Value>,
    /// Texts of constants have an index below this, and no others.
    n_constant_texts: u32,
    /// The text `length` of the module.
    length_key: Option<StrId>,
    pub(crate) globals: Vec<Value>,
    /// One per word of code.
    pub(crate) caches: Vec<Cache>,
    /// Atoms of the module's texts, as they are needed; `u32::MAX` before.
    atoms: Vec<u32>,
    pub(crate) output: Vec<String>,
    /// By the index in `Other::Continuation`; `None` once resumed.
    pub(crate) continuations: Vec<Option<Continuation>>,
    pub(crate) free_continuations: Vec<u32>,
    /// Fibers that are over and that somebody may ask about.
    pub(crate) over: BTreeSet<FiberId>,
    /// Those among them that failed, and nobody was told.
    pub(crate) unseen: BTreeSet<FiberId>,
    /// What a program that counts where it goes has told; no part of a snapshot.
    pub(crate) reached: BTreeSet<u32>,
}

impl Core {
    pub(crate) fn new(program: Arc<Verified>, limits: Limits) -> Core {
        let mut heap = Heap::new(limits.memory, limits.fuel);
        let module = program.module();
        let constants = module.constants.iter().map(|constant| match constant {
            Constant::Number(number) => Value::any_number(*number),
            Constant::Text(id) => heap.new_text(module.strings[id.index()].clone()),
        });
        let constants = constants.collect();
        let n_constant_texts = heap.texts.len() as u32;
        let length_key = module.strings.iter().position(|text| &**text == "length");
        let length_key = length_key.map(|at| StrId(at as u32));
        let entries = program.functions().into();
        let globals = vec![Value::MISSING; module.globals.len()];
        let caches = vec![[0; 3]; program.code().len()];
        let atoms = vec![u32::MAX; module.strings.len()];
        Core {
            program,
            heap,
            tier: None,
            marked: None,
            entries,
            limits,
            constants,
            n_constant_texts,
            length_key,
            globals,
            caches,
            atoms,
            output: Vec::new(),
            continuations: Vec::new(),
            free_continuations: Vec::new(),
            over: BTreeSet::new(),
            unseen: BTreeSet::new(),
            reached: BTreeSet::new(),
        }
    }

    /// Fills the variables of host names; a name without a value is null.
    pub(crate) fn set_inputs(&mut self, given: &[(Arc<str>, Data)]) -> Result<(), LoadError> {
        let program = self.program.clone();
        let module = program.module();
        for input in &module.inputs {
            let name = &module.strings[input.name.index()];
            let data = given.iter().rev().find(|(given, _)| given == name);
            let data = data.map_or(&Data::Null, |(_, data)| data);
            if !is_shallow(data) {
                return Err(LoadError::InputTooDeep(name.clone()));
            }
            let value = from_data(self, data).map_err(|_| LoadError::OutOfMemory)?;
            let old = std::mem::replace(&mut self.globals[input.global.index()], value);
            self.heap.release(old);
        }
        if self.heap.is_full { Err(LoadError::OutOfMemory) } else { Ok(()) }
    }

    /// What an answer of the host means to the fiber that waits for it.
    pub(crate) fn answer(&mut self, answer: &Answer) -> Run<Delivery> {
        match answer {
            Answer::Value(data) => from_data(self, data).map(Delivery::Value),
            Answer::Error(EffectError { code, message, data }) => {
                let data = from_data(self, data)?;
                let message = self.heap.new_text(message.clone());
                Ok(Delivery::Throw(self.new_error(message, code, data)))
            }
        }
    }

    /// The fiber of a handle.
    pub(crate) fn fiber_of(&self, value: Value) -> Option<FiberId> {
        match self.heap.other(self.heap.plain(value)) {
            Some(Other::Fiber(id)) => Some(*id),
            _ => None,
        }
    }

    /// What a settled promise holds, owned, and whether it was rejected.
    pub(crate) fn promise(&mut self, value: Value) -> Option<(Value, bool)> {
        let found = match self.heap.other(self.heap.plain(value)) {
            Some(Other::Promise { value, is_rejected }) => (*value, *is_rejected),
            _ => return None,
        };
        self.heap.retain(found.0);
        Some(found)
    }

    // Native code.

    /// Shows the tier where a fiber is, and marks the place that it has code for.
    #[cold]
    pub(crate) fn look(&mut self, fiber: &mut Fiber) {
        let Some(mut tier) = self.tier.take() else { return };
        if let Some(place) = tier.look(fiber.pc, &State::new(self, fiber)) {
            self.mark(place, true);
        }
        self.tier = Some(tier);
    }

    /// Runs the native code of the place where a fiber is.
    pub(crate) fn enter_native(&mut self, fiber: &mut Fiber) -> Left {
        let pc = fiber.pc;
        let Some(mut tier) = self.tier.take() else {
            self.mark(pc, false);
            return Left::Refused;
        };
        let mut state = State::new(self, fiber);
        let left = tier.enter(pc, &mut state);
        match left {
            Left::At => state.settle(),
            Left::Returned(_) => {}
            Left::Refused => self.mark(pc, false),
        }
        self.tier = Some(tier);
        left
    }

    /// Marks an instruction as an entry of native code, or makes it itself again. The mark is
    /// `Arg`, which verified code never executes.
    fn mark(&mut self, pc: u32, is_entry: bool) {
        let program = self.program.clone();
        let mut code: Vec<Ready> = self.marked.as_deref().unwrap_or(program.ready()).into();
        let Some(place) = code.get_mut(pc as usize) else { return };
        let entry = Word::id(0).expect("zero fits");
        place.step = if is_entry { Step::Arg(entry) } else { program.ready()[pc as usize].step };
        self.marked = Some(code.into());
    }

    // Texts of the module.

    pub(crate) fn module_text(&self, id: StrId) -> &Arc<str> {
        &self.program.module().strings[id.index()]
    }

    /// Whether a text is the same one as long as the machine is there.
    pub(crate) fn is_constant_text(&self, value: Value) -> bool {
        value.is_text() && value.index() < self.n_constant_texts
    }

    pub(crate) fn is_length(&self, key: StrId) -> bool {
        self.length_key == Some(key)
    }

    pub(crate) fn atom(&mut self, id: StrId) -> AtomId {
        let known = self.atoms[id.index()];
        if known != u32::MAX {
            return AtomId(known);
        }
        let text = &self.program.module().strings[id.index()];
        let atom = self.heap.shapes.atom(text);
        self.atoms[id.index()] = atom.0;
        atom
    }

    // Registers.

    /// Writes a register and releases what it held. Takes over the value.
    #[inline(always)]
    pub(crate) fn put(&mut self, regs: &mut Window, reg: Reg, value: Value) {
        let old = std::mem::replace(&mut regs[usize::from(reg.0)], value);
        self.heap.release(old);
    }

    // Kinds.

    /// The kind of a plain value.
    pub(crate) fn kind(&self, value: Value) -> Kind {
        match value.tag() {
            Tag::Number => Kind::Number,
            Tag::Text => Kind::Text,
            Tag::Array => Kind::Array,
            Tag::Object => Kind::Object,
            Tag::Closure => Kind::Function,
            Tag::Confident => self.kind(self.heap.plain(value)),
            Tag::Simple => match value {
                Value::TRUE | Value::FALSE => Kind::Boolean,
                Value::NULL | Value::MISSING => Kind::Null,
                _ => Kind::Function,
            },
            Tag::Other => match self.heap.others.get(value.index()) {
                Other::Agent(_) => Kind::Agent,
                Other::Fiber(_) | Other::Promise { .. } => Kind::Promise,
                Other::Bound { .. } | Other::Continuation(_) => Kind::Function,
                Other::Free | Other::Cell(_) => Kind::Null,
            },
        }
    }

    pub(crate) fn type_name(&self, value: Value) -> TypeName {
        self.kind(value).into()
    }

    /// Whether a value counts as true; confidence is looked through.
    #[inline(never)]
    pub(crate) fn truthy(&self, value: Value) -> bool {
        match value {
            Value::TRUE => return true,
            Value::FALSE | Value::NULL | Value::MISSING => return false,
            _ => {}
        }
        match value.tag() {
            Tag::Number => value.raw() != 0.0,
            Tag::Text => !self.heap.str(value).is_empty(),
            Tag::Confident => self.truthy(self.heap.plain(value)),
            Tag::Simple | Tag::Array | Tag::Object | Tag::Closure | Tag::Other => true,
        }
    }

    // Errors.

    /// An exception for a mistake of the program.
    #[cold]
    pub(crate) fn problem(&mut self, problem: &Problem) -> Raise {
        let message = self.heap.new_text(problem.message());
        Raise::Throw(self.new_error(message, problem.code(), Value::NULL))
    }

    /// An error object. Takes over the values.
    pub(crate) fn new_error(&mut self, message: Value, code: &str, data: Value) -> Value {
        let error = self.heap.new_object(Shapes::ERROR);
        let code = self.heap.new_text(code);
        self.heap.set_key(error, &"message".into(), message);
        self.heap.set_key(error, &"code".into(), code);
        self.heap.set_key(error, &"data".into(), data);
        error
    }

    /// The exception for a thrown value: an error object as it is, an object with the missing
    /// fields of an error, any other value as the `data` of one. Takes over the value.
    pub(crate) fn thrown(&mut self, value: Value) -> Run<Value> {
        let plain = self.heap.plain(value);
        if plain.is_object() {
            let plain = self.heap.take_plain(value);
            return if self.heap.is_error(plain) { Ok(plain) } else { self.as_error(plain) };
        }
        let message = self.show_value(value)?;
        let data = self.heap.take_plain(value);
        Ok(self.new_error(message, THROWN, data))
    }

    /// An error object with the fields of an object. Takes over the object.
    fn as_error(&mut self, object: Value) -> Run<Value> {
        let message = match self.heap.get_key(object, "message") {
            Some(message) => self.heap.share(message),
            None => self.show_value(object)?,
        };
        let error = self.new_error(message, THROWN, Value::NULL);
        for at in 0..self.heap.n_fields(object) {
            let key = self.heap.key(object, at).clone();
            let value = self.heap.object(object).field(at);
            let value = self.heap.share(value);
            self.heap.set_key(error, &key, value);
        }
        self.heap.release(object);
        Ok(error)
    }

    // Limits.

    /// The source place of an instruction.
    pub(crate) fn location(&self, pc: u32) -> Option<Location> {
        let id = self.program.function_at(pc);
        let entry = self.program.functions().get(id.index())?;
        let module = self.program.module();
        let places = &module.functions[id.index()].places;
        let after = places.partition_point(|place| place.pc <= pc - entry.start);
        let place = places.get(after.checked_sub(1)?)?;
        Some(Location {
            file: module.strings[module.files[place.file.index()].index()].clone(),
            start: place.start,
            end: place.end,
            line: place.line,
            column: place.column,
        })
    }

    /// The name of the function that holds an instruction.
    pub(crate) fn function_name(&self, pc: u32) -> Arc<str> {
        let module = self.program.module();
        let id = self.program.function_at(pc);
        let name = module.functions.get(id.index()).map(|function| function.name);
        name.map_or_else(|| "".into(), |name| module.strings[name.index()].clone())
    }

    /// A function of the module by method, for bound methods and method calls.
    pub(crate) fn method_name(&self, method: Method) -> Arc<str> {
        match method {
            Method::Function(id) => {
                self.module_text(self.program.module().functions[id.index()].name).clone()
            }
            Method::Native(id) => prism_bytecode::NATIVES[id.index()].name.into(),
        }
    }
}
