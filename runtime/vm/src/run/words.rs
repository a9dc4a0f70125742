//! The words of the quick loop for values: how they are written, computed with and compared.
//!
//! They are written like those of `machinery`. What is rare or may fail is for `slow!`, which
//! leaves the loop before anything has changed.

#[rustfmt::skip]
macro_rules! words {
    ($d:tt $core:ident $regs:ident) => {
        // A value without parts.
        macro_rules! plain {
            ($d reg:expr, $d value:expr) => {{
                let value: Value = $d value;
                let old = std::mem::replace(&mut reg!($d reg), value);
                if old.is_heap() {
                    cold_path();
                    $core.heap.release(old);
                }
            }};
        }
        macro_rules! number {
            ($d reg:expr, $d number:expr) => {
                plain!($d reg, Value::number($d number))
            };
        }
        macro_rules! held {
            ($d reg:expr, $d value:expr) => {{
                let value = $d value;
                $core.heap.retain(value);
                put!($d reg, value);
            }};
        }
        macro_rules! some {
            ($d value:expr) => {
                match $d value {
                    Some(value) => value,
                    None => slow!(),
                }
            };
        }
        // Arithmetic as if both were numbers; NaN says that one was not, or that the result is NaN.
        macro_rules! arith {
            ($d a:expr, $d x:expr, $d y:expr, $d f:expr) => {{
                let (x, y): (Value, Value) = ($d x, $d y);
                let result: f64 = $d f(x.raw(), y.raw());
                if !result.is_nan() {
                    number!($d a, result);
                } else if !$core.confident_numbers($d f, $regs, $d a, x, y) {
                    slow!();
                }
            }};
        }
        // A confident number in the register that gets the sum changes in place, a text may grow.
        macro_rules! add {
            ($d a:expr, $d b:expr, $d y:expr) => {{
                let (x, y): (Value, Value) = (reg!($d b), $d y);
                let sum = x.raw() + y.raw();
                if !sum.is_nan() {
                    number!($d a, sum);
                } else {
                    let is_done = if x.is_text() {
                        $core.add_text($regs, $d a, $d b, x, y)
                    } else {
                        ($d a == $d b && $core.heap.add_to_confident(x, y))
                            || $core.confident_numbers(|x, y| x + y, $regs, $d a, x, y)
                    };
                    if !is_done {
                        slow!();
                    }
                }
            }};
        }
        // Zero divisors are for the slow way.
        macro_rules! divide {
            ($d a:expr, $d x:expr, $d y:expr, $d f:expr) => {{
                arith!($d a, $d x, $d y, |x: f64, y: f64| if y != 0.0 { $d f(x, y) } else { f64::NAN });
            }};
        }
        macro_rules! rem_i {
            ($d a:expr, $d b:expr, $d c:expr) => {
                match small(reg!($d b).raw()) {
                    Some(number) if $d c > 0 => {
                        number!($d a, f64::from(number % u32::from($d c.unsigned_abs())));
                    }
                    _ => divide!($d a, reg!($d b), imm!($d c), remainder),
                }
            };
        }
        // A comparison that is surely true or surely false on numbers.
        macro_rules! test {
            ($d x:expr, $d y:expr, $d yes:tt, $d no:tt) => {{
                let (x, y): (f64, f64) = ($d x.raw(), $d y.raw());
                if x $d yes y {
                    true
                } else if x $d no y {
                    false
                } else {
                    slow!()
                }
            }};
        }
        macro_rules! compare {
            ($d a:expr, $d b:expr, $d c:expr, $d holds:tt) => {{
                let (x, y) = (reg!($d b), reg!($d c));
                if !x.is_number() || !y.is_number() {
                    slow!();
                }
                plain!($d a, Value::bool(x.raw() $d holds y.raw()));
            }};
        }
        // Whether two numbers or two texts are equal.
        macro_rules! same {
            ($d x:expr, $d y:expr) => {{
                let (x, y): (Value, Value) = ($d x, $d y);
                if x.is_number() && y.is_number() {
                    x.raw() == y.raw()
                } else {
                    some!($core.same_text(x, y))
                }
            }};
        }
        macro_rules! same_small {
            ($d x:expr, $d number:expr) => {{
                let x: Value = $d x;
                if !x.is_number() {
                    slow!();
                }
                x.raw() == f64::from($d number)
            }};
        }
        macro_rules! truthy {
            ($d value:expr) => {
                match $d value {
                    Value::TRUE => true,
                    Value::FALSE => false,
                    value => $core.truthy(value),
                }
            };
        }
        macro_rules! kind {
            ($d value:expr) => {{
                let value: Value = $d value;
                if value.is_number() { Kind::Number } else { $core.kind(value) }
            }};
        }
    };
}
