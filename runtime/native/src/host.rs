//! What machine code asks of the machine. Nothing here unwinds.

use prism_vm::tier::{State, remainder};

/// The functions that code may call, by name.
pub(crate) fn symbols() -> [(&'static str, *const u8); 8] {
    [
        ("refuel", refuel as *const u8),
        ("retain", retain as *const u8),
        ("release", release as *const u8),
        ("push", push as *const u8),
        ("new_array", new_array as *const u8),
        ("new_confident", new_confident as *const u8),
        ("unwound", unwound as *const u8),
        ("remainder", rest as *const u8),
    ]
}

/// The state that `Tier::enter` passed to the code.
///
/// # Safety
/// `state` is the pointer that the running code was entered with.
unsafe fn given<'a, 'b>(state: *mut State<'b>) -> &'a mut State<'b> {
    // SAFETY: the state outlives the run of the code, which passes its own first argument on;
    // code is not interrupted, so nobody else uses the state meanwhile.
    unsafe { &mut *state }
}

/// What is left afterwards says whether there was more.
extern "C" fn refuel(state: *mut State<'_>) {
    // SAFETY: called by code with its state.
    unsafe { given(state) }.refuel();
}

extern "C" fn retain(state: *mut State<'_>, bits: u64) {
    // SAFETY: called by code with its state.
    unsafe { given(state) }.retain(bits);
}

extern "C" fn release(state: *mut State<'_>, bits: u64) {
    // SAFETY: called by code with its state.
    unsafe { given(state) }.release(bits);
}

extern "C" fn push(state: *mut State<'_>, array: u64, item: u64) {
    // SAFETY: called by code with its state.
    unsafe { given(state) }.push(array, item);
}

extern "C" fn new_array(state: *mut State<'_>, items: *const u64, count: u64) -> u64 {
    // SAFETY: code passes a slot of its own stack with as many items.
    let items = unsafe { std::slice::from_raw_parts(items, count as usize) };
    // SAFETY: called by code with its state.
    unsafe { given(state) }.new_array(items)
}

extern "C" fn new_confident(state: *mut State<'_>, number: f64, confidence: f64) -> u64 {
    // SAFETY: called by code with its state.
    unsafe { given(state) }.new_confident(number, confidence)
}

/// `packed` is the number of registers and, above it, the register for the result.
extern "C" fn unwound(state: *mut State<'_>, pc: u64, base: u64, packed: u64) {
    // SAFETY: called by code with its state.
    let state = unsafe { given(state) };
    state.unwound(pc as u32, base as u32, packed as u8, (packed >> 8) as u8);
}

/// The result is in the view: functions that keep registers return nothing.
extern "C" fn rest(state: *mut State<'_>, x: f64, y: f64) {
    // SAFETY: called by code with its state.
    unsafe { given(state) }.view.result = remainder(x, y).to_bits();
}
