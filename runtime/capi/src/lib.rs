//! The machine behind a C interface; `include/prism.h` says what each function promises.
//!
//! Every function takes pointers from C and checks them for null. What C must keep to, and what
//! makes the `unsafe` blocks sound, is this: a pointer is null, or was given by this library and
//! not freed, or points to memory of the stated length or to a text that ends in a zero byte.

#![expect(unsafe_code, reason = "C hands over pointers")]

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::Arc;

use prism_bytecode::Verified;
use prism_vm::{Answer, Data, EffectError, Limits, Machine, Outcome, Request, RequestId, Trap};
use serde_json::{Value, json};

pub struct PrismModule(Arc<Verified>);

pub struct PrismMachine {
    machine: Machine,
    /// What was handed out last; replaced by the next call.
    text: CString,
    bytes: Vec<u8>,
}

#[repr(C)]
pub struct PrismLimits {
    pub fuel: u64,
    pub memory: u64,
    pub depth: u32,
    pub requests: u64,
}

#[repr(C)]
#[derive(Debug, PartialEq, Eq)]
pub enum PrismOutcome {
    Done = 0,
    Trap = 1,
    Perform = 2,
    Error = 3,
}

/// # Safety
/// `bytes` has `length` bytes or is null; `error` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_load(
    bytes: *const u8,
    length: usize,
    error: *mut *mut c_char,
) -> *mut PrismModule {
    // SAFETY: the caller says so.
    let loaded = match unsafe { slice(bytes, length) } {
        Some(bytes) => load(bytes),
        None => Err("there are no bytes".to_owned()),
    };
    match loaded {
        Ok(module) => Box::into_raw(Box::new(PrismModule(Arc::new(module)))),
        Err(message) => {
            if !error.is_null() {
                // SAFETY: it is not null, so the caller lets us write it.
                unsafe { error.write(text_of(message).into_raw()) };
            }
            ptr::null_mut()
        }
    }
}

fn load(bytes: &[u8]) -> Result<Verified, String> {
    let module = prism_bytecode::decode(bytes).map_err(|error| error.to_string())?;
    prism_bytecode::verify(module).map_err(|error| error.to_string())
}

/// # Safety
/// `module` is null, or of [`prism_load`] and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_module_free(module: *mut PrismModule) {
    if !module.is_null() {
        // SAFETY: it came from `Box::into_raw` and is given back once.
        drop(unsafe { Box::from_raw(module) });
    }
}

/// # Safety
/// `text` is null, or of [`prism_load`] and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_text_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it came from `CString::into_raw` and is given back once.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// # Safety
/// `module` is null or of [`prism_load`]; `limits` is null or may be read; `inputs` is null or a
/// text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_machine_new(
    module: *const PrismModule,
    limits: *const PrismLimits,
    inputs: *const c_char,
) -> *mut PrismMachine {
    // SAFETY: the caller says so.
    let (module, limits) = unsafe { (module.as_ref(), limits.as_ref()) };
    let inputs = match inputs.is_null() {
        true => Some(Vec::new()),
        // SAFETY: it is not null, so it is a text that ends in a zero byte: the caller says so.
        false => unsafe { json_of(inputs) }.and_then(entries),
    };
    let (Some(module), Some(inputs)) = (module, inputs) else { return ptr::null_mut() };
    match Machine::new(module.0.clone(), limits_of(limits), inputs) {
        Ok(machine) => handed_out(machine),
        Err(_) => ptr::null_mut(),
    }
}

type Inputs = Vec<(Arc<str>, Data)>;

fn entries(value: Value) -> Option<Inputs> {
    let Value::Object(fields) = value else { return None };
    Some(fields.iter().map(|(name, value)| (name.as_str().into(), Data::from(value))).collect())
}

fn limits_of(given: Option<&PrismLimits>) -> Limits {
    let default = Limits::default();
    let Some(given) = given else { return default };
    Limits {
        fuel: or(given.fuel, default.fuel),
        memory: or(usize::try_from(given.memory).unwrap_or(usize::MAX), default.memory),
        depth: or(given.depth, default.depth),
        requests: or(given.requests, default.requests),
    }
}

fn or<T: Default + PartialEq>(given: T, default: T) -> T {
    if given == T::default() { default } else { given }
}

/// # Safety
/// `machine` is null, or of this library and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_machine_free(machine: *mut PrismMachine) {
    if !machine.is_null() {
        // SAFETY: it came from `Box::into_raw` and is given back once.
        drop(unsafe { Box::from_raw(machine) });
    }
}

/// # Safety
/// `machine` is null or of this library, and no other thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_run(machine: *mut PrismMachine) -> PrismOutcome {
    // SAFETY: the caller says so.
    let Some(own) = (unsafe { machine.as_mut() }) else { return PrismOutcome::Error };
    let (outcome, text) = match own.machine.run() {
        Outcome::Done(value) => (PrismOutcome::Done, Value::from(&value)),
        Outcome::Trap(trap) => (PrismOutcome::Trap, trap_json(&trap)),
        Outcome::Perform(requests) => {
            (PrismOutcome::Perform, requests.iter().map(request_json).collect())
        }
    };
    own.say(&text);
    outcome
}

/// # Safety
/// `machine` is null or of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_text(machine: *const PrismMachine) -> *const c_char {
    // SAFETY: the caller says so.
    unsafe { machine.as_ref() }.map_or(ptr::null(), |own| own.text.as_ptr())
}

/// # Safety
/// `machine` is null or of this library, and no other thread uses it; `value` is null or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_resume(
    machine: *mut PrismMachine,
    request: u64,
    value: *const c_char,
) -> i32 {
    // SAFETY: the caller says so.
    let (own, value) = unsafe { (machine.as_mut(), json_of(value)) };
    let (Some(own), Some(value)) = (own, value) else { return -1 };
    own.answer(request, Answer::Value(Data::from(&value)))
}

/// # Safety
/// `machine` is null or of this library, and no other thread uses it; the texts are null or texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_fail(
    machine: *mut PrismMachine,
    request: u64,
    code: *const c_char,
    message: *const c_char,
) -> i32 {
    // SAFETY: the caller says so.
    let (own, code, message) = unsafe { (machine.as_mut(), str_of(code), str_of(message)) };
    let (Some(own), Some(code), Some(message)) = (own, code, message) else { return -1 };
    let error = EffectError { code: code.into(), message: message.into(), data: Data::Null };
    own.answer(request, Answer::Error(error))
}

/// # Safety
/// `machine` is null or of this library, and no other thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_output(machine: *mut PrismMachine) -> *const c_char {
    // SAFETY: the caller says so.
    let Some(own) = (unsafe { machine.as_mut() }) else { return ptr::null() };
    let lines = own.machine.take_output();
    own.say(&Value::from(lines))
}

/// # Safety
/// `machine` is null or of this library, and no other thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_cancelled(machine: *mut PrismMachine) -> *const c_char {
    // SAFETY: the caller says so.
    let Some(own) = (unsafe { machine.as_mut() }) else { return ptr::null() };
    let ids = own.machine.take_cancelled();
    own.say(&ids.iter().map(|id| Value::from(id.0)).collect())
}

/// # Safety
/// `machine` is null or of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_fuel_used(machine: *const PrismMachine) -> u64 {
    // SAFETY: the caller says so.
    unsafe { machine.as_ref() }.map_or(0, |own| own.machine.fuel_used())
}

/// # Safety
/// `machine` is null or of this library, and no other thread uses it; `length` is null or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_snapshot(
    machine: *mut PrismMachine,
    length: *mut usize,
) -> *const u8 {
    // SAFETY: the caller says so.
    let Some(own) = (unsafe { machine.as_mut() }) else { return ptr::null() };
    let Some(bytes) = own.machine.snapshot() else { return ptr::null() };
    own.bytes = bytes;
    if !length.is_null() {
        // SAFETY: it is not null, so the caller lets us write it.
        unsafe { length.write(own.bytes.len()) };
    }
    own.bytes.as_ptr()
}

/// # Safety
/// `module` is null or of [`prism_load`]; `bytes` has `length` bytes or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn prism_restore(
    module: *const PrismModule,
    bytes: *const u8,
    length: usize,
) -> *mut PrismMachine {
    // SAFETY: the caller says so.
    let (module, bytes) = unsafe { (module.as_ref(), slice(bytes, length)) };
    let (Some(module), Some(bytes)) = (module, bytes) else { return ptr::null_mut() };
    match Machine::restore(module.0.clone(), bytes) {
        Ok(machine) => handed_out(machine),
        Err(_) => ptr::null_mut(),
    }
}

impl PrismMachine {
    fn say(&mut self, value: &Value) -> *const c_char {
        self.text = text_of(value.to_string());
        self.text.as_ptr()
    }

    fn answer(&mut self, request: u64, answer: Answer) -> i32 {
        match self.machine.resume(RequestId(request), answer) {
            Ok(()) => 0,
            Err(_) => -1,
        }
    }
}

fn handed_out(machine: Machine) -> *mut PrismMachine {
    let own = PrismMachine { machine, text: CString::default(), bytes: Vec::new() };
    Box::into_raw(Box::new(own))
}

fn trap_json(trap: &Trap) -> Value {
    let mut object = json!({
        "code": trap.code, "message": trap.message, "data": Value::from(&trap.data),
    });
    if let Some(at) = &trap.at {
        object["file"] = (*at.file).into();
        object["line"] = at.line.into();
        object["column"] = at.column.into();
    }
    object
}

fn request_json(request: &Request) -> Value {
    json!({
        "id": request.id.0,
        "effect": &*request.effect,
        "effect_id": &*request.effect_id,
        "args": request.args.iter().map(Value::from).collect::<Vec<Value>>(),
    })
}

/// JSON holds no zero bytes; another text ends at its first one.
fn text_of(text: String) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// # Safety
/// `bytes` has `length` bytes or is null, and nobody changes them meanwhile.
unsafe fn slice<'a>(bytes: *const u8, length: usize) -> Option<&'a [u8]> {
    // SAFETY: it is not null, and the caller says that the bytes are there.
    (!bytes.is_null()).then(|| unsafe { std::slice::from_raw_parts(bytes, length) })
}

/// # Safety
/// `text` is null or a text, and nobody changes it meanwhile.
unsafe fn str_of<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: it is not null, and the caller says that it ends in a zero byte.
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

/// # Safety
/// As for [`str_of`].
unsafe fn json_of(text: *const c_char) -> Option<Value> {
    // SAFETY: the caller says so.
    serde_json::from_str(unsafe { str_of(text) }?).ok()
}
