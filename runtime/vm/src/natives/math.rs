//! `Math` and the checks of `Number`. Transcendental functions come from `libm`, not from the
//! system: the same bits on every machine.

use super::{Function, arg, number};
use crate::core::Core;
use crate::errors::Run;
use crate::numbers::power;
use crate::value::Value;

/// A test of one number; other values fail it.
macro_rules! check {
    ($f:expr) => {
        Some(|_, args| {
            let f: fn(f64) -> bool = $f;
            Ok(Value::bool(arg(args, 0).as_number().is_some_and(f)))
        })
    };
}

/// Functions of one number.
pub(super) fn find_number(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "Math.abs" => f64::abs,
        "Math.acos" => libm::acos,
        "Math.acosh" => libm::acosh,
        "Math.asin" => libm::asin,
        "Math.asinh" => libm::asinh,
        "Math.atan" => libm::atan,
        "Math.atanh" => libm::atanh,
        "Math.cbrt" => libm::cbrt,
        "Math.ceil" => f64::ceil,
        "Math.cos" => libm::cos,
        "Math.cosh" => libm::cosh,
        "Math.exp" => libm::exp,
        "Math.expm1" => libm::expm1,
        "Math.floor" => f64::floor,
        "Math.fround" => |x| f64::from(x as f32),
        "Math.log" => libm::log,
        "Math.log10" => libm::log10,
        "Math.log1p" => libm::log1p,
        "Math.log2" => libm::log2,
        "Math.round" => round,
        "Math.sign" => |x| if x == 0.0 || x.is_nan() { x } else { x.signum() },
        "Math.sin" => libm::sin,
        "Math.sinh" => libm::sinh,
        "Math.sqrt" => f64::sqrt,
        "Math.tan" => libm::tan,
        "Math.tanh" => libm::tanh,
        "Math.trunc" => f64::trunc,
        _ => return None,
    })
}

pub(super) fn find(name: &str) -> Option<Function> {
    match name {
        "Number.isInteger" => check!(|x| x.is_finite() && x.fract() == 0.0),
        "Number.isSafeInteger" => {
            check!(|x| x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_991.0)
        }
        "Number.isFinite" => check!(f64::is_finite),
        "Number.isNaN" => check!(f64::is_nan),
        _ => find_longer(name),
    }
}

fn find_longer(name: &str) -> Option<Function> {
    match name {
        "Math.atan2" => Some(|core, args| {
            let (y, x) =
                (number(core, args, 0, "Math.atan2")?, number(core, args, 1, "Math.atan2")?);
            Ok(Value::any_number(libm::atan2(y, x)))
        }),
        "Math.pow" => Some(|core, args| {
            let (x, y) = (number(core, args, 0, "Math.pow")?, number(core, args, 1, "Math.pow")?);
            Ok(Value::any_number(power(x, y)))
        }),
        "Math.hypot" => Some(|core, args| {
            let mut sum = 0.0f64;
            for at in 0..args.len() {
                sum = libm::hypot(sum, number(core, args, at, "Math.hypot")?);
            }
            Ok(Value::any_number(sum))
        }),
        "Math.max" => Some(|core, args| {
            fold(core, args, "Math.max", f64::NEG_INFINITY, |a, b| if a > b { a } else { b })
        }),
        "Math.min" => Some(|core, args| {
            fold(core, args, "Math.min", f64::INFINITY, |a, b| if a < b { a } else { b })
        }),
        "max" => Some(|core, args| winner(core, args, "max", |new, best| new > best)),
        "min" => Some(|core, args| winner(core, args, "min", |new, best| new < best)),
        _ => None,
    }
}

/// Half goes up.
fn round(x: f64) -> f64 {
    let down = x.floor();
    if x - down >= 0.5 { down + 1.0 } else { down }
}

fn fold(
    core: &mut Core,
    args: &[Value],
    name: &'static str,
    start: f64,
    f: fn(f64, f64) -> f64,
) -> Run<Value> {
    let mut result = start;
    for at in 0..args.len() {
        let x = number(core, args, at, name)?;
        if x.is_nan() {
            return Ok(Value::NAN);
        }
        result = f(result, x);
    }
    Ok(Value::any_number(result))
}

/// The winning argument itself, with its own confidence. One array counts as the arguments.
fn winner(
    core: &mut Core,
    args: &[Value],
    name: &'static str,
    wins: fn(f64, f64) -> bool,
) -> Run<Value> {
    let items = match args {
        [only] => core.heap.array(core.heap.plain(*only)).map(<[_]>::to_vec),
        _ => None,
    };
    let args = items.as_deref().unwrap_or(args);
    if args.is_empty() {
        return Err(super::range(core, name, "there is nothing to choose from"));
    }
    let mut best = (0.0, Value::NULL);
    for (at, &arg) in args.iter().enumerate() {
        let plain = core.heap.plain(arg);
        let x = plain.as_number().ok_or_else(|| super::wrong(core, name, "numbers", plain))?;
        if at == 0 || wins(x, best.0) {
            best = (x, arg);
        }
    }
    Ok(core.heap.share(best.1))
}
