//! Functions and constants of the language, by full name: `print`, `Math.floor`, `NaN`.

use prism_hir::builtins::{Kind, builtin};

use crate::effects::Effects;
use crate::secrets::Flows;
use crate::types::{Fact, FunctionType, Kinds, ParamType, TypeId, Types};

/// The fact of a built-in name as a value.
pub(crate) fn global(types: &mut Types, name: &str) -> Fact {
    let Some(row) = builtin(name) else { return Fact::ANY };
    match row.kind {
        Kind::Constant => Fact::plain(TypeId::NUMBER),
        Kind::Native => {
            let function = native(name, usize::from(row.least), row.most.map(usize::from));
            Fact::plain(types.function(function))
        }
        Kind::Prelude | Kind::Effect(_) => Fact::plain(types.any_function()),
        Kind::Namespace | Kind::Host => Fact::ANY,
    }
}

fn native(name: &str, least: usize, most: Option<usize>) -> FunctionType {
    let n_params = most.unwrap_or(least + 1);
    let param = |index| ParamType {
        name: None,
        fact: Fact::ANY,
        is_optional: index >= least,
        is_rest: most.is_none() && index + 1 == n_params,
    };
    FunctionType {
        params: (0..n_params).map(param).collect(),
        is_open: false,
        result: Fact::ANY,
        effects: if prints(name) { Effects::write() } else { Effects::NONE },
        flows: Flows::default(),
        generic: None,
    }
}

/// The function shows its arguments.
pub(crate) fn prints(name: &str) -> bool {
    name == "print" || name.starts_with("console.")
}

/// The type of what a built-in function gives for arguments of these facts.
/// Whether the result is plain follows from the arguments.
pub(crate) fn function_result(types: &mut Types, name: &str, args: &[Fact]) -> TypeId {
    let (namespace, member) = name.split_once('.').unwrap_or(("", name));
    match (namespace, member) {
        ("", "print") | ("console", _) => TypeId::NULL,
        ("Math", _) => TypeId::NUMBER,
        ("", "Number" | "parseFloat" | "parseInt" | "max" | "min")
        | ("Number", "parseFloat" | "parseInt") => TypeId::NUMBER,
        ("", "Boolean" | "isNaN" | "isFinite")
        | ("Number", _)
        | ("Array", "isArray")
        | ("Object", "hasOwn") => TypeId::BOOLEAN,
        ("", "String") | ("String", _) => TypeId::TEXT,
        ("JSON", "stringify") => match args.first() {
            // Functions have no JSON.
            Some(arg) if !types.kinds(arg.ty).meets(Kinds::FUNCTION) => TypeId::TEXT,
            Some(_) | None => TypeId::ANY,
        },
        ("Object", "keys") => types.array(Fact::plain(TypeId::TEXT)),
        ("Object", "values" | "entries") | ("Array", "from" | "of") => types.array(Fact::ANY),
        ("Object", "assign" | "fromEntries") => types.some_object(),
        ("", "value") | ("Object", "freeze") => args.first().map_or(TypeId::ANY, |arg| arg.ty),
        ("", "__agent") => TypeId::AGENT,
        _ => TypeId::ANY,
    }
}
