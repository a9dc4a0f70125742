//! Every name that a program has without declaring it, in one table.
//!
//! Name resolution, the checker, lowering and completion read the same rows. Arities count
//! arguments as written, so not the receiver of a method. What is `Prelude` is written in Prism
//! in `stdlib/prelude.prism` (as `Promise_all` for `Promise.all`); its rows tell completion and
//! the shadowing hint about it, the code itself is found through the prelude's exports.

mod effects;
mod members;
mod names;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

pub use effects::{EFFECTS, EffectOp, effect, effect_op, is_effect_namespace};
pub use members::{MEMBERS, Member, Receiver, member, members, updates};
pub use names::NAMES;

/// A built-in name: `print`, `Math`, `Math.floor`, `input`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    pub name: &'static str,
    pub kind: Kind,
    pub least: u8,
    /// `None`: any number.
    pub most: Option<u8>,
    /// What hover shows.
    pub detail: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A function of the machine.
    Native,
    /// A function of `stdlib/prelude.prism`.
    Prelude,
    /// Performing an effect: `llm(…)`, `Date.now()`; the name of the effect.
    Effect(&'static str),
    /// `Math`: only its members are values.
    Namespace,
    /// `Math.PI`: a number.
    Constant,
    /// `input`: supplied by the host.
    Host,
}

impl Kind {
    /// Whether a declaration of the same name hides a function that programs call.
    pub const fn is_function(self) -> bool {
        match self {
            Kind::Native | Kind::Prelude | Kind::Effect(_) => true,
            Kind::Namespace | Kind::Constant | Kind::Host => false,
        }
    }
}

/// The row of a name; a member of a namespace is asked for by its full name, `Math.floor`.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    static BY_NAME: LazyLock<FxHashMap<&'static str, &'static Builtin>> =
        LazyLock::new(|| NAMES.iter().map(|row| (row.name, row)).collect());
    BY_NAME.get(name).copied()
}

/// How many arguments a built-in function takes: at least, and at most (`None`: any number).
pub fn arity(name: &str) -> Option<(usize, Option<usize>)> {
    if let Some((receiver, method)) = name.split_once('.')
        && let Some(receiver) = Receiver::parse(receiver)
        && let Some(member) = member(receiver, method)
    {
        // As a function of the machine, a method has its receiver first.
        let (least, most) = member.arity?;
        return Some((usize::from(least) + 1, most.map(|most| usize::from(most) + 1)));
    }
    let row = builtin(name)?;
    match row.kind {
        Kind::Native | Kind::Prelude | Kind::Effect(_) => {
            Some((usize::from(row.least), row.most.map(usize::from)))
        }
        Kind::Namespace | Kind::Constant | Kind::Host => None,
    }
}

/// `Math.PI`, `NaN`, …
pub fn is_constant(name: &str) -> bool {
    builtin(name).is_some_and(|row| row.kind == Kind::Constant)
}

/// `input`, `agents`, … that the host supplies.
pub fn is_host(name: &str) -> bool {
    builtin(name).is_some_and(|row| row.kind == Kind::Host)
}

/// Whether members of this name are looked up in the table: `Math`, `Number`, `Promise`.
pub fn is_namespace(name: &str) -> bool {
    members_of(name).next().is_some()
}

/// The members of a namespace: rows whose name is `Math.…`.
pub fn members_of(namespace: &str) -> impl Iterator<Item = &'static Builtin> {
    let prefix = format!("{namespace}.");
    let from = NAMES.partition_point(|row| row.name < prefix.as_str());
    NAMES[from..].iter().take_while(move |row| row.name.starts_with(&prefix))
}

/// Natives that only the standard library may name begin with this.
pub const NATIVE_PREFIX: &str = "__";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_rise_and_are_found() {
        assert!(NAMES.is_sorted_by(|a, b| a.name < b.name));
        assert_eq!(arity("Math.floor"), Some((1, Some(1))));
        assert_eq!(arity("array.slice"), Some((1, Some(3))));
        assert_eq!(arity("Math"), None);
        assert!(is_namespace("Math") && is_namespace("Number") && !is_namespace("print"));
        assert!(is_constant("Math.PI") && is_host("input"));
    }

    #[test]
    fn effects_behind_names_exist() {
        for row in NAMES {
            if let Kind::Effect(name) = row.kind {
                assert!(effect(name).is_some(), "{name}");
            }
        }
    }
}
