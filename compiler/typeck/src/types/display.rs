//! Types and facts as people write them.

use std::fmt::{self, Write};

use crate::confidence::{Confidence, Level};
use crate::types::{Fact, FunctionType, Generic, ObjectType, ParamType, Text, Type, TypeId, Types};

/// A type beside its table; prints as an annotation would.
#[derive(Clone, Copy)]
pub struct DisplayType<'a> {
    types: &'a Types,
    id: TypeId,
}

/// Objects print this many fields, unions this many members, texts this many characters.
const MAX_SHOWN: usize = 6;
const MAX_TEXT: usize = 40;
/// Types inside types inside types are left out.
const MAX_LEVEL: u32 = 3;

impl Types {
    pub fn display(&self, id: TypeId) -> DisplayType<'_> {
        DisplayType { types: self, id }
    }

    /// `number ~>= 0.7`, `text ~> 0.9`, `number` for a plain one.
    pub fn display_fact(&self, fact: Fact) -> String {
        let mut text = match is_secret(fact) {
            true => SECRET.to_owned(),
            false => self.display(fact.ty).to_string(),
        };
        if let Some(confidence) = display_confidence(fact.confidence) {
            text.push_str(&confidence);
        }
        text
    }
}

/// How a secret is written.
const SECRET: &str = "secret";

/// A text that is made of a secret, or may be one.
fn is_secret(fact: Fact) -> bool {
    let may_be_text = matches!(fact.ty, TypeId::TEXT | TypeId::ANY);
    may_be_text && fact.confidence.secrets.is_certain()
}

/// How an interval continues a type; `None` when there is nothing to say.
pub fn display_confidence(confidence: Confidence) -> Option<String> {
    let Confidence { low, high, level, .. } = confidence;
    let is_vouched_for = level > Level::Reported;
    if confidence.is_plain() || confidence.is_unknown() && !is_vouched_for {
        return None;
    }
    let mut text = if low == high {
        format!(" ~> {low}")
    } else if high >= 1.0 {
        format!(" ~>= {low}")
    } else {
        format!(" ~> {low}..{high}")
    };
    if is_vouched_for {
        text.push_str(&format!(" {level}"));
    }
    Some(text)
}

impl fmt::Display for DisplayType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_type(f, Table { types: self.types, names: &[] }, self.id, 0)
    }
}

/// Types, and the names of the type parameters around.
#[derive(Clone, Copy)]
struct Table<'a> {
    types: &'a Types,
    names: &'a [Text],
}

impl<'a> Table<'a> {
    fn get(self, id: TypeId) -> &'a Type {
        self.types.get(id)
    }
}

fn write_type(f: &mut dyn Write, types: Table<'_>, id: TypeId, level: u32) -> fmt::Result {
    if let Some(name) = id.param_index().and_then(|index| types.names.get(index)) {
        return f.write_str(name);
    }
    match types.get(shown(types, id)) {
        Type::Any | Type::Error => f.write_str("any"),
        Type::Never => f.write_str("never"),
        Type::Null | Type::Gap => f.write_str("null"),
        Type::Boolean => f.write_str("boolean"),
        Type::Number => f.write_str("number"),
        Type::Text => f.write_str("string"),
        Type::Agent => f.write_str("Agent"),
        Type::BoolLiteral(value) => write!(f, "{value}"),
        Type::NumberLiteral(bits) => write!(f, "{}", bits.value()),
        Type::TextLiteral(text) => write_text(f, text),
        Type::Alias { name, .. } => f.write_str(name),
        composite if level >= MAX_LEVEL => f.write_str(short(composite)),
        Type::Array(element) => write_array(f, types, *element, level),
        Type::Tuple(elements) => {
            f.write_char('[')?;
            write_list(f, elements.iter(), |f, element| write_fact(f, types, *element, level + 1))?;
            f.write_char(']')
        }
        Type::Object(object) => write_object(f, types, object, level),
        Type::Function(function) => write_function(f, types, function, level),
        Type::Union(members) => {
            let shown = members.iter().filter(|member| **member != TypeId::GAP);
            for (index, member) in shown.enumerate() {
                if index > 0 {
                    f.write_str(" | ")?;
                }
                if index == MAX_SHOWN {
                    return f.write_str("…");
                }
                let is_function = matches!(types.get(*member), Type::Function(_));
                write_wrapped(f, types, *member, level + 1, is_function)?;
            }
            Ok(())
        }
    }
}

/// The type that is written for another: `number`, where an element of an array may be missing.
fn shown(types: Table<'_>, id: TypeId) -> TypeId {
    match types.get(id) {
        Type::Union(members) => match **members {
            [one, TypeId::GAP] | [TypeId::GAP, one] => one,
            _ => id,
        },
        _ => id,
    }
}

fn short(ty: &Type) -> &'static str {
    match ty {
        Type::Array(_) | Type::Tuple(_) => "array",
        Type::Object(_) => "object",
        Type::Function(_) => "function",
        _ => "…",
    }
}

fn write_fact(f: &mut dyn Write, types: Table<'_>, fact: Fact, level: u32) -> fmt::Result {
    match is_secret(fact) {
        true => f.write_str(SECRET)?,
        false => write_type(f, types, fact.ty, level)?,
    }
    match display_confidence(fact.confidence) {
        Some(confidence) => f.write_str(&confidence),
        None => Ok(()),
    }
}

fn write_array(f: &mut dyn Write, types: Table<'_>, element: Fact, level: u32) -> fmt::Result {
    let is_composite =
        matches!(types.get(shown(types, element.ty)), Type::Union(_) | Type::Function(_))
            || display_confidence(element.confidence).is_some();
    if is_composite {
        f.write_char('(')?;
        write_fact(f, types, element, level + 1)?;
        f.write_str(")[]")
    } else {
        write_fact(f, types, element, level + 1)?;
        f.write_str("[]")
    }
}

fn write_wrapped(
    f: &mut dyn Write,
    types: Table<'_>,
    id: TypeId,
    level: u32,
    wrap: bool,
) -> fmt::Result {
    if !wrap {
        return write_type(f, types, id, level);
    }
    f.write_char('(')?;
    write_type(f, types, id, level)?;
    f.write_char(')')
}

fn write_object(
    f: &mut dyn Write,
    types: Table<'_>,
    object: &ObjectType,
    level: u32,
) -> fmt::Result {
    if object.fields.is_empty() {
        return f.write_str(if object.is_open { "object" } else { "{}" });
    }
    f.write_str("{ ")?;
    write_list(f, object.fields.iter(), |f, field| {
        write!(f, "{}{}: ", field.name, if field.is_optional { "?" } else { "" })?;
        write_fact(f, types, field.fact, level + 1)
    })?;
    f.write_str(if object.is_open { ", ... }" } else { " }" })
}

fn write_function(
    f: &mut dyn Write,
    types: Table<'_>,
    function: &FunctionType,
    level: u32,
) -> fmt::Result {
    if let Some(generic) = &function.generic {
        return write_generic(f, types.types, function, generic, level);
    }
    if function.is_open {
        f.write_str("(...any)")?;
    } else {
        f.write_char('(')?;
        write_list(f, function.params.iter(), |f, param| write_param(f, types, param, level))?;
        f.write_char(')')?;
    }
    f.write_str(" => ")?;
    write_fact(f, types, function.result, level + 1)
}

/// `<T>(x: T) => T`: as it is written, with what is found of the result.
fn write_generic(
    f: &mut dyn Write,
    types: &Types,
    function: &FunctionType,
    generic: &Generic,
    level: u32,
) -> fmt::Result {
    let types = Table { types, names: &generic.names };
    write!(f, "<{}>(", generic.names.join(", "))?;
    let params = function.params.iter().zip(&generic.params);
    write_list(f, params, |f, (param, written)| {
        let fact = param.fact.retyped(written.ty);
        write_param(f, types, &ParamType { fact, ..param.clone() }, level)
    })?;
    f.write_str(") => ")?;
    write_fact(f, types, generic.result, level + 1)
}

fn write_param(f: &mut dyn Write, types: Table<'_>, param: &ParamType, level: u32) -> fmt::Result {
    if param.is_rest {
        f.write_str("...")?;
    }
    f.write_str(param.name.as_deref().unwrap_or("_"))?;
    if param.is_optional {
        f.write_char('?')?;
    }
    let has_words = is_secret(param.fact) || display_confidence(param.fact.confidence).is_some();
    if param.fact.ty.is_unknown() && !has_words {
        return Ok(());
    }
    f.write_str(": ")?;
    write_fact(f, types, param.fact, level + 1)
}

fn write_list<T>(
    f: &mut dyn Write,
    items: impl Iterator<Item = T>,
    mut write_item: impl FnMut(&mut dyn Write, T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        if index == MAX_SHOWN {
            return f.write_str("…");
        }
        write_item(f, item)?;
    }
    Ok(())
}

fn write_text(f: &mut dyn Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for (index, c) in text.chars().enumerate() {
        if index == MAX_TEXT {
            f.write_char('…')?;
            break;
        }
        match c {
            '"' => f.write_str("\\\"")?,
            '\n' => f.write_str("\\n")?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
