//! The functions of the machine, by name.
//!
//! `Math.floor` and `print` are called by that name. `array.slice` is also the method `slice` of
//! arrays: its first argument is the receiver, and the arity counts it. Functions that call a
//! function of the program (`map`, `sort` with a comparison, …) are not here: they are written in
//! Prism, so that what they call may stop at an effect.

use crate::NativeId;

/// One function of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Native {
    pub name: &'static str,
    /// Fewer arguments throw.
    pub min: u8,
    /// More arguments throw, except in an `Offer`; [`Native::ANY`] for no limit.
    pub max: u8,
}

impl Native {
    /// Any number of arguments.
    pub const ANY: u8 = u8::MAX;
}

const fn row(name: &'static str, min: u8, max: u8) -> Native {
    Native { name, min, max }
}

/// Every function, by rising name. A [`NativeId`] is an index here; artifacts name functions by
/// text, so that a new row does not change the meaning of an old artifact.
pub const NATIVES: &[Native] = &[
    row("Array.from", 1, 1),
    row("Array.isArray", 1, 1),
    row("Array.of", 0, Native::ANY),
    row("Boolean", 0, 1),
    row("Error", 0, 3),
    row("JSON.parse", 1, 1),
    row("JSON.stringify", 1, 3),
    row("Math.abs", 1, 1),
    row("Math.acos", 1, 1),
    row("Math.acosh", 1, 1),
    row("Math.asin", 1, 1),
    row("Math.asinh", 1, 1),
    row("Math.atan", 1, 1),
    row("Math.atan2", 2, 2),
    row("Math.atanh", 1, 1),
    row("Math.cbrt", 1, 1),
    row("Math.ceil", 1, 1),
    row("Math.cos", 1, 1),
    row("Math.cosh", 1, 1),
    row("Math.exp", 1, 1),
    row("Math.expm1", 1, 1),
    row("Math.floor", 1, 1),
    row("Math.fround", 1, 1),
    row("Math.hypot", 0, Native::ANY),
    row("Math.log", 1, 1),
    row("Math.log10", 1, 1),
    row("Math.log1p", 1, 1),
    row("Math.log2", 1, 1),
    row("Math.max", 0, Native::ANY),
    row("Math.min", 0, Native::ANY),
    row("Math.pow", 2, 2),
    row("Math.round", 1, 1),
    row("Math.sign", 1, 1),
    row("Math.sin", 1, 1),
    row("Math.sinh", 1, 1),
    row("Math.sqrt", 1, 1),
    row("Math.tan", 1, 1),
    row("Math.tanh", 1, 1),
    row("Math.trunc", 1, 1),
    row("Number", 0, 1),
    row("Number.isFinite", 1, 1),
    row("Number.isInteger", 1, 1),
    row("Number.isNaN", 1, 1),
    row("Number.isSafeInteger", 1, 1),
    row("Number.parseFloat", 1, 1),
    row("Number.parseInt", 1, 2),
    row("Object.assign", 1, Native::ANY),
    row("Object.entries", 1, 1),
    row("Object.freeze", 1, 1),
    row("Object.fromEntries", 1, 1),
    row("Object.hasOwn", 2, 2),
    row("Object.keys", 1, 1),
    row("Object.values", 1, 1),
    row("Promise.reject", 0, 1),
    row("Promise.resolve", 0, 1),
    row("String", 0, 1),
    row("String.fromCharCode", 0, Native::ANY),
    row("String.fromCodePoint", 0, Native::ANY),
    row("agent", 2, 2),
    row("array.at", 2, 2),
    row("array.concat", 1, Native::ANY),
    row("array.entries", 1, 1),
    row("array.fill", 2, 4),
    row("array.flat", 1, 2),
    row("array.includes", 2, 3),
    row("array.indexOf", 2, 3),
    row("array.join", 1, 2),
    row("array.keys", 1, 1),
    row("array.lastIndexOf", 2, 3),
    row("array.push", 1, Native::ANY),
    row("array.reverse", 1, 1),
    row("array.slice", 1, 3),
    row("array.sort", 1, 1),
    row("array.toReversed", 1, 1),
    row("array.toSpliced", 2, Native::ANY),
    row("array.toString", 1, 1),
    row("array.unshift", 1, Native::ANY),
    row("array.values", 1, 1),
    row("array.with", 3, 3),
    row("boolean.toString", 1, 1),
    row("callback.takes", 1, 1),
    row("console.debug", 0, Native::ANY),
    row("console.error", 0, Native::ANY),
    row("console.info", 0, Native::ANY),
    row("console.log", 0, Native::ANY),
    row("console.warn", 0, Native::ANY),
    row("coverage.hit", 1, 1),
    row("fiber.failed", 1, 1),
    row("function.toString", 1, 1),
    row("isFinite", 1, 1),
    row("isNaN", 1, 1),
    row("max", 1, Native::ANY),
    row("min", 1, Native::ANY),
    row("number.toFixed", 1, 2),
    row("number.toLocaleString", 1, 1),
    row("number.toPrecision", 1, 2),
    row("number.toString", 1, 2),
    row("object.hasOwnProperty", 2, 2),
    row("object.toString", 1, 1),
    row("object.with", 3, 3),
    row("object.without", 1, Native::ANY),
    row("parseFloat", 1, 1),
    row("parseInt", 1, 2),
    row("print", 0, Native::ANY),
    row("promise.isDone", 1, 1),
    row("string.at", 2, 2),
    row("string.charAt", 1, 2),
    row("string.charCodeAt", 1, 2),
    row("string.codePointAt", 1, 2),
    row("string.concat", 1, Native::ANY),
    row("string.endsWith", 2, 3),
    row("string.includes", 2, 3),
    row("string.indexOf", 2, 3),
    row("string.lastIndexOf", 2, 3),
    row("string.localeCompare", 2, 2),
    row("string.padEnd", 2, 3),
    row("string.padStart", 2, 3),
    row("string.repeat", 2, 2),
    row("string.replace", 3, 3),
    row("string.replaceAll", 3, 3),
    row("string.slice", 1, 3),
    row("string.split", 1, 3),
    row("string.startsWith", 2, 3),
    row("string.substr", 1, 3),
    row("string.substring", 1, 3),
    row("string.toLowerCase", 1, 1),
    row("string.toString", 1, 1),
    row("string.toUpperCase", 1, 1),
    row("string.trim", 1, 1),
    row("string.trimEnd", 1, 1),
    row("string.trimStart", 1, 1),
    row("value", 1, 1),
];

/// The function with this name.
pub fn native(name: &str) -> Option<NativeId> {
    let index = NATIVES.binary_search_by(|known| known.name.cmp(name)).ok()?;
    Some(NativeId(index as u32))
}

/// The number that a name of the language stands for: `Math.PI`, `NaN`, …
pub fn number_constant(name: &str) -> Option<f64> {
    use std::f64::consts;
    Some(match name {
        "Infinity" | "Number.POSITIVE_INFINITY" => f64::INFINITY,
        "NaN" | "Number.NaN" => f64::NAN,
        "Number.EPSILON" => f64::EPSILON,
        "Number.MAX_SAFE_INTEGER" => 9_007_199_254_740_991.0,
        "Number.MAX_VALUE" => f64::MAX,
        "Number.MIN_SAFE_INTEGER" => -9_007_199_254_740_991.0,
        "Number.MIN_VALUE" => 5e-324,
        "Number.NEGATIVE_INFINITY" => f64::NEG_INFINITY,
        "Math.E" => consts::E,
        "Math.LN10" => consts::LN_10,
        "Math.LN2" => consts::LN_2,
        "Math.LOG10E" => consts::LOG10_E,
        "Math.LOG2E" => consts::LOG2_E,
        "Math.PI" => consts::PI,
        "Math.SQRT1_2" => consts::FRAC_1_SQRT_2,
        "Math.SQRT2" => consts::SQRT_2,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_rise_and_are_found() {
        assert!(NATIVES.is_sorted_by(|a, b| a.name < b.name));
        for row in NATIVES {
            let id = native(row.name).expect("every row is found");
            assert_eq!(NATIVES[id.index()].name, row.name);
        }
        assert_eq!(native("Math.flor"), None);
    }
}
