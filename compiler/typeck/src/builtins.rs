//! The types of what the language brings along: functions, members of values, constants.
//!
//! Which names exist and how many arguments they take stands in `prism_hir::builtins`; this
//! module adds what they give.

mod arguments;
mod globals;
mod members;

use prism_hir::builtins::{Kind, Receiver, builtin, member, members as members_of};

pub use arguments::Wanted;
pub(crate) use arguments::{function_wants, method_wants};
pub(crate) use globals::{function_result, global, prints};
pub(crate) use members::{Given, Rule, method_shape, property_type};

use crate::types::{Type, TypeId, Types};

/// The kind of value whose members a type has; `None` when that is not certain.
pub fn receiver_of(types: &Types, id: TypeId) -> Option<Receiver> {
    match types.structure(id) {
        Type::Array(_) | Type::Tuple(_) => Some(Receiver::Array),
        Type::Boolean | Type::BoolLiteral(_) => Some(Receiver::Boolean),
        Type::Number | Type::NumberLiteral(_) => Some(Receiver::Number),
        Type::Text | Type::TextLiteral(_) => Some(Receiver::Text),
        Type::Object(_) => Some(Receiver::Object),
        Type::Function(_) => Some(Receiver::Function),
        Type::Agent => Some(Receiver::Agent),
        Type::Union(members) => {
            // Where nothing stands, nothing can be called.
            let there = members.iter().filter(|member| **member != TypeId::GAP);
            let mut receivers = there.map(|member| receiver_of(types, *member));
            let first = receivers.next()??;
            receivers.all(|receiver| receiver == Some(first)).then_some(first)
        }
        Type::Any | Type::Error | Type::Never | Type::Null | Type::Gap | Type::Alias { .. } => None,
    }
}

/// The same of a value that may be null, which has no members.
fn receiver_unless_null(types: &Types, id: TypeId) -> Option<Receiver> {
    let Type::Union(members) = types.structure(id) else { return receiver_of(types, id) };
    let mut there = members.iter().filter(|member| **member != TypeId::NULL);
    let first = receiver_of(types, *there.next()?)?;
    there.all(|member| receiver_of(types, *member) == Some(first)).then_some(first)
}

/// The method only computes: its result is all it is called for.
pub(crate) fn is_pure_method(types: &Types, of: TypeId, name: &str) -> bool {
    match receiver_unless_null(types, of) {
        Some(receiver @ (Receiver::Array | Receiver::Text | Receiver::Number)) => {
            name != "forEach" && member(receiver, name).is_some()
        }
        // An object may have a function of its own there.
        Some(Receiver::Object) => match types.structure(of) {
            Type::Object(object) if !object.is_open && object.field(name).is_none() => {
                member(Receiver::Object, name).is_some()
            }
            _ => false,
        },
        Some(Receiver::Boolean | Receiver::Function | Receiver::Promise | Receiver::Agent)
        | None => false,
    }
}

/// The function of the machine only computes. Texts are also parsed to see whether they can be.
pub(crate) fn is_pure_native(name: &str) -> bool {
    let is_native = builtin(name).is_some_and(|row| row.kind == Kind::Native);
    let may_fail = name.starts_with("JSON.parse") || name.starts_with("Promise.");
    is_native && !may_fail && !name.starts_with("__") && !prints(name)
}

/// Names of the members of a kind of value.
pub(crate) fn member_names(receiver: Receiver) -> impl Iterator<Item = &'static str> {
    members_of(receiver).map(|member| member.name)
}
