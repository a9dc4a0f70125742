//! The words that the arms of the interpreter are written in.
//!
//! What is rare says so: the compiler keeps the state of the loop in registers where it believes
//! that the code runs often.
//!
//! They work on the locals of `step`, which the caller passes by name: macros see only the names
//! that they are given. `$d` is a dollar sign, which a macro inside a macro needs.

macro_rules! machinery {
    ($d:tt $core:ident $fiber:ident $regs:ident $pc:ident $ready:ident) => {
        macro_rules! reg {
            ($d reg:expr) => {
                $regs[usize::from($d reg.0)]
            };
        }
        macro_rules! put {
            ($d reg:expr, $d value:expr) => {{
                let value = $d value;
                $core.put($regs, $d reg, value);
            }};
        }
        // The state in the fiber must be true whenever somebody else looks at it.
        macro_rules! save {
            () => {
                $fiber.pc = $pc as u32
            };
        }
        macro_rules! raise {
            ($d raise:expr) => {{
                let raise = $d raise;
                cold_path();
                save!();
                if matches!(raise, Raise::Throw(_)) {
                    $core.trace($fiber);
                }
                return Next::Raise(raise);
            }};
        }
        macro_rules! tri {
            ($d result:expr) => {
                match $d result {
                    Ok(value) => value,
                    Err(raise) => raise!(raise),
                }
            };
        }
        macro_rules! fault {
            ($d what:expr) => {
                raise!(Raise::Limit(Limit::Fault($d what)))
            };
        }
        // The id in the word after an instruction.
        macro_rules! extra {
            () => {{
                $pc += 1;
                $ready.word.cast_unsigned()
            }};
        }
        macro_rules! jump {
            ($d distance:expr) => {{
                let distance = $d distance as isize;
                if distance < 0 {
                    if $core.heap.fuel == 0 {
                        cold_path();
                        tri!($core.heap.refuel());
                        $core.heap.fuel -= 1;
                        $pc = $pc.wrapping_add_signed(distance);
                        save!();
                        return Next::Reload;
                    }
                    $core.heap.fuel -= 1;
                }
                $pc = $pc.wrapping_add_signed(distance);
            }};
        }
        // The jump word after a test: taken if the test holds, else skipped.
        macro_rules! branch {
            ($d holds:expr) => {{
                let holds = $d holds;
                $pc += 1;
                if holds {
                    jump!($ready.word);
                }
            }};
        }
        macro_rules! number {
            ($d reg:expr, $d number:expr) => {{
                let number = Value::number($d number);
                let old = std::mem::replace(&mut reg!($d reg), number);
                if old.is_heap() {
                    cold_path();
                    $core.heap.release(old);
                }
            }};
        }
        // Arithmetic as if both were numbers; NaN says that one was not, or that the result is NaN.
        macro_rules! arith {
            ($d op:ident, $d a:expr, $d x:expr, $d y:expr, $d f:expr) => {{
                let (x, y): (Value, Value) = ($d x, $d y);
                let result: f64 = $d f(x.raw(), y.raw());
                if !result.is_nan() {
                    number!($d a, result);
                } else {
                    cold_path();
                    tri!($core.arith_into(Arith::$d op, $regs, $d a, x, y));
                }
            }};
        }
        // A text in the register that gets the sum may grow in place, a confident number change.
        macro_rules! add {
            ($d a:expr, $d b:expr, $d y:expr) => {{
                let (x, y): (Value, Value) = (reg!($d b), $d y);
                let sum = x.raw() + y.raw();
                if !sum.is_nan() {
                    number!($d a, sum);
                } else if $d a == $d b && x.is_text() {
                    reg!($d a) = Value::NULL;
                    reg!($d a) = tri!($core.add_onto(x, y));
                } else if $d a != $d b || !$core.heap.add_to_confident(x, y) {
                    cold_path();
                    tri!($core.arith_into(Arith::Add, $regs, $d a, x, y));
                }
            }};
        }
        // Zero divisors are for the slow path.
        macro_rules! divide {
            ($d op:ident, $d a:expr, $d x:expr, $d y:expr, $d f:expr) => {{
                let (x, y): (Value, Value) = ($d x, $d y);
                arith!($d op, $d a, x, y, |x: f64, y: f64| if y != 0.0 { $d f(x, y) } else { f64::NAN });
            }};
        }
        // A comparison that is surely true or surely false on numbers, else the slow path.
        macro_rules! test {
            ($d op:ident, $d x:expr, $d y:expr, $d yes:tt, $d no:tt) => {{
                let (x, y): (Value, Value) = ($d x, $d y);
                if x.raw() $d yes y.raw() {
                    true
                } else if x.raw() $d no y.raw() {
                    false
                } else {
                    cold_path();
                    tri!($core.compare(Compare::$d op, x, y))
                }
            }};
        }
        macro_rules! same {
            ($d op:ident, $d x:expr, $d y:expr, $d when_equal:expr) => {{
                let (x, y): (Value, Value) = ($d x, $d y);
                if x.is_number() && y.is_number() {
                    (x.raw() == y.raw()) == $d when_equal
                } else {
                    cold_path();
                    tri!($core.compare(Compare::$d op, x, y))
                }
            }};
        }
        // The same with a small number.
        macro_rules! same_small {
            ($d op:ident, $d x:expr, $d number:expr, $d when_equal:expr) => {{
                let x: Value = $d x;
                if x.is_number() {
                    (x.raw() == f64::from($d number)) == $d when_equal
                } else {
                    cold_path();
                    tri!($core.compare(Compare::$d op, x, imm!($d number)))
                }
            }};
        }
        macro_rules! imm {
            ($d number:expr) => {
                Value::number(f64::from($d number))
            };
        }
        macro_rules! compare {
            ($d op:ident, $d a:expr, $d b:expr, $d c:expr, $d holds:tt) => {{
                let (x, y) = (reg!($d b), reg!($d c));
                if x.is_number() && y.is_number() {
                    put!($d a, Value::bool(x.raw() $d holds y.raw()));
                } else {
                    cold_path();
                    let value = tri!($core.compare_value(Compare::$d op, x, y));
                    put!($d a, value);
                }
            }};
        }
        macro_rules! confident {
            ($d op:ident, $d a:expr, $d b:expr, $d c:expr) => {{
                cold_path();
                let value = tri!($core.confident_op(ConfidentOp::$d op, reg!($d b), reg!($d c)));
                put!($d a, value);
            }};
        }
        // The values of a window, taken.
        macro_rules! taken {
            ($d first:expr, $d count:expr) => {{
                let first = usize::from($d first.0);
                take_window($regs, first, $d count)
            }};
        }
        macro_rules! call {
            ($d callee:expr, $d args:expr, $d how:expr, $d dst:expr) => {{
                cold_path();
                let (callee, args) = ($d callee, $d args);
                save!();
                tri!($core.call($fiber, callee, args, $d how, $d dst));
                return Next::Reload;
            }};
        }
        macro_rules! ask {
            ($d dst:expr, $d ask:expr) => {{
                cold_path();
                let ask = $d ask;
                save!();
                $fiber.dst = $d dst;
                return Next::Exit(Exit::Ask(ask));
            }};
        }
        // An update of a variable that is not a register: taken out, updated, put back.
        macro_rules! update_cell {
            ($d cell:expr, $d first:expr, $d count:expr, $d leaf:expr) => {{
                cold_path();
                let cell: Value = $d cell;
                let Some(mut root) = $core.heap.swap_cell(cell, Value::NULL) else {
                    fault!("an update of what is no cell")
                };
                let result = $core.update_window(&mut root, $regs, $d first, $d count, $d leaf);
                $core.heap.swap_cell(cell, root);
                tri!(result);
            }};
        }
        macro_rules! update_global {
            ($d first:expr, $d count:expr, $d leaf:expr) => {{
                cold_path();
                let global = GlobalId(extra!());
                let mut root = std::mem::take(&mut $core.globals[global.index()]);
                let result = $core.update_window(&mut root, $regs, $d first, $d count, $d leaf);
                $core.globals[global.index()] = root;
                tri!(result);
            }};
        }
        macro_rules! capture {
            ($d index:expr) => {
                match $core.capture($fiber.closure, $d index) {
                    Some(value) => value,
                    None => fault!("a capture is missing"),
                }
            };
        }
        // Makes a function the running one whose parameters are exactly the registers of a window.
        // There is fuel.
        macro_rules! enter {
            ($d entry:expr, $d closure:expr, $d first:expr, $d count:expr, $d dst:expr) => {{
                let (entry, first, closure): (Entry, u8, Value) = ($d entry, $d first, $d closure);
                $core.heap.fuel -= 1;
                // Most calls have one argument.
                let only = if $d count == 1 {
                    std::mem::take(&mut $regs[usize::from(first)])
                } else {
                    Value::NULL
                };
                let base = $fiber.base as usize + usize::from($fiber.n_regs);
                let is_full = $fiber.frames.len() == $fiber.frames.capacity()
                    || $fiber.frames.len() >= $core.limits.depth as usize;
                if is_full || $fiber.stack.len() < base + 256 {
                    cold_path();
                    save!();
                    if let Err(raise) = $core.make_room($fiber, base) {
                        return Next::Raise(raise);
                    }
                }
                $fiber.frames.push(Frame {
                    pc: $pc as u32,
                    base: $fiber.base,
                    closure: $fiber.closure,
                    confidence: PLAIN_CALL,
                    n_regs: $fiber.n_regs,
                    dst: $d dst,
                    kind: FrameKind::Call,
                });
                if $d count == 1 {
                    $regs = window(&mut $fiber.stack, base as u32);
                    $regs[0] = only;
                } else {
                    move_args(&mut $fiber.stack, $fiber.base as usize + usize::from(first), base, $d count);
                    $regs = window(&mut $fiber.stack, base as u32);
                }
                $pc = entry.start as usize;
                $fiber.base = base as u32;
                $fiber.n_regs = entry.n_regs;
                $fiber.closure = closure;
            }};
        }
        // Ends the running function with a value.
        macro_rules! finish {
            ($d value:expr) => {{
                let value: Value = $d value;
                for slot in &mut $regs[..usize::from($fiber.n_regs)] {
                    if slot.is_heap() {
                        $core.heap.release(*slot);
                    }
                    *slot = Value::NULL;
                }
                $core.heap.release($fiber.closure);
                let Some(frame) = $fiber.frames.pop() else {
                    cold_path();
                    $fiber.closure = Value::NULL;
                    return Next::Exit(Exit::Done(value));
                };
                $pc = frame.pc as usize;
                $fiber.base = frame.base;
                $fiber.n_regs = frame.n_regs;
                $fiber.closure = frame.closure;
                $regs = window(&mut $fiber.stack, frame.base);
                if frame.kind != FrameKind::Call {
                    cold_path();
                    save!();
                    return match $core.end_segment($fiber, frame, value) {
                        Ok(()) => Next::Reload,
                        // The fiber may be elsewhere by now, so its state is not saved again.
                        Err(raise) => {
                            $core.trace($fiber);
                            Next::Raise(raise)
                        }
                    };
                }
                put!(frame.dst, value);
            }};
        }
    };
}
