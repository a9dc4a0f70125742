//! The words that both loops of the interpreter are written in.
//!
//! They work on locals, which the caller passes by name: macros see only the names that they are
//! given. `$d` is a dollar sign, which a macro inside a macro needs.

#[rustfmt::skip]
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
        macro_rules! imm {
            ($d number:expr) => {
                Value::number(f64::from($d number))
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
                    let Some(left) = $core.heap.fuel.checked_sub(1) else {
                        cold_path();
                        return go_back($core, $fiber, $pc, distance);
                    };
                    $core.heap.fuel = left;
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
                if frame.kind != FrameKind::Call {
                    cold_path();
                    return end_segment($core, $fiber, frame, value);
                }
                $regs = window(&mut $fiber.stack, frame.base);
                put!(frame.dst, value);
            }};
        }
    };
}
