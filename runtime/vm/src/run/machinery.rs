//! The words that both loops of the interpreter are written in.
//!
//! They work on locals, which the caller passes by name: macros see only the names that they are
//! given. `$d` is a dollar sign, which a macro inside a macro needs. The place in the code is the
//! caller's: `pc!` is what comes next, `go!` goes elsewhere, `skip!` passes the word behind an
//! instruction.

#[rustfmt::skip]
macro_rules! machinery {
    ($d:tt $core:ident $fiber:ident $regs:ident $ready:ident) => {
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
                skip!();
                $ready.word.cast_unsigned()
            }};
        }
        // Goes where the instruction says.
        macro_rules! jump {
            () => {{
                let mut target = $ready.word;
                if target < 0 {
                    target = !target;
                    let Some(left) = $core.heap.fuel.checked_sub(1) else {
                        cold_path();
                        return go_back($core, $fiber, pc!(), target.cast_unsigned());
                    };
                    $core.heap.fuel = left;
                }
                go!(target.cast_unsigned() as usize);
            }};
        }
        // The jump word after a test: taken if the test holds, else skipped.
        macro_rules! branch {
            ($d holds:expr) => {{
                if $d holds {
                    jump!();
                } else {
                    skip!();
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
                $core.heap.release_closure($fiber.closure);
                let Some(frame) = $fiber.frames.last() else {
                    cold_path();
                    $fiber.closure = Value::NULL;
                    return Next::Exit(Exit::Done(value));
                };
                if frame.kind != FrameKind::Call {
                    cold_path();
                    return end_segment($core, $fiber, value);
                }
                let (pc, base, dst) = (frame.pc, frame.base, frame.dst);
                $fiber.base = base;
                $fiber.n_regs = frame.n_regs;
                $fiber.closure = frame.closure;
                $fiber.frames.pop();
                go!(pc as usize);
                $regs = window(&mut $fiber.stack, base);
                put!(dst, value);
            }};
        }
    };
}
