//! What members of values give: `xs.map(f)`, `text.split(",")`, `xs.length`.

use prism_hir::builtins::Receiver;

use crate::types::{Fact, Type, TypeId, Types};

/// The type of a method's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Number,
    Text,
    Boolean,
    Null,
    /// An array of the receiver's elements.
    Same,
    /// An array of the receiver's elements and the arguments from this one on.
    With(u8),
    /// An array of the receiver's elements and those of the arguments.
    Concat,
    /// An element, or null.
    Element,
    Numbers,
    Texts,
    /// An array of anything.
    Array,
    /// An array of what the callback gives.
    Mapped,
    Any,
}

/// Where the confidence of a method's result comes from, beside the receiver's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A new container: elements keep their own confidence.
    Container,
    /// One of the elements.
    Element,
    /// Computed from everything that takes part: plain when all of it is.
    Computed,
}

/// What the callback of a method is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// Element, index, array.
    Element,
    /// Sum, element, index, array.
    Sum,
    /// Two elements.
    Pair,
    Nothing,
}

/// The result of a method of a kind of value, and what its callback is offered.
pub(crate) fn method_shape(receiver: Receiver, name: &str) -> (Shape, Rule, Given) {
    match receiver {
        Receiver::Array => array_method(name),
        Receiver::Text => (text_method(name), Rule::Computed, Given::Nothing),
        Receiver::Number => (Shape::Text, Rule::Computed, Given::Nothing),
        Receiver::Boolean => (Shape::Text, Rule::Computed, Given::Nothing),
        Receiver::Object => match name {
            "hasOwnProperty" => (Shape::Boolean, Rule::Computed, Given::Nothing),
            "toString" => (Shape::Text, Rule::Computed, Given::Nothing),
            _ => (Shape::Any, Rule::Computed, Given::Nothing),
        },
        Receiver::Function | Receiver::Promise | Receiver::Agent => {
            (Shape::Any, Rule::Computed, Given::Nothing)
        }
    }
}

fn array_method(name: &str) -> (Shape, Rule, Given) {
    use Rule::{Computed, Container};
    match name {
        "at" => (Shape::Element, Rule::Element, Given::Nothing),
        "find" | "findLast" => (Shape::Element, Rule::Element, Given::Element),
        "concat" => (Shape::Concat, Computed, Given::Nothing),
        "push" | "unshift" => (Shape::With(0), Container, Given::Nothing),
        "fill" => (Shape::With(0), Computed, Given::Nothing),
        "with" => (Shape::With(1), Computed, Given::Nothing),
        "toSpliced" => (Shape::With(2), Computed, Given::Nothing),
        "filter" => (Shape::Same, Container, Given::Element),
        "sort" | "toSorted" => (Shape::Same, Container, Given::Pair),
        "reverse" | "toReversed" | "values" => (Shape::Same, Container, Given::Nothing),
        "slice" => (Shape::Same, Computed, Given::Nothing),
        "map" => (Shape::Mapped, Container, Given::Element),
        "flatMap" => (Shape::Array, Container, Given::Element),
        "flat" | "entries" => (Shape::Array, Computed, Given::Nothing),
        "every" | "some" => (Shape::Boolean, Computed, Given::Element),
        "findIndex" | "findLastIndex" => (Shape::Number, Computed, Given::Element),
        "forEach" => (Shape::Null, Container, Given::Element),
        "includes" => (Shape::Boolean, Computed, Given::Nothing),
        "indexOf" | "lastIndexOf" => (Shape::Number, Computed, Given::Nothing),
        "join" | "toString" => (Shape::Text, Computed, Given::Nothing),
        "keys" => (Shape::Numbers, Container, Given::Nothing),
        "reduce" | "reduceRight" => (Shape::Any, Computed, Given::Sum),
        _ => (Shape::Any, Computed, Given::Nothing),
    }
}

fn text_method(name: &str) -> Shape {
    match name {
        "charCodeAt" | "codePointAt" => Shape::Any,
        "indexOf" | "lastIndexOf" | "localeCompare" => Shape::Number,
        "endsWith" | "includes" | "startsWith" => Shape::Boolean,
        "split" => Shape::Texts,
        "at" | "replace" | "replaceAll" => Shape::Any,
        _ => Shape::Text,
    }
}

/// The type of a member that is no method: `xs.length`.
pub(crate) fn property_type(receiver: Receiver, name: &str) -> TypeId {
    match (receiver, name) {
        (Receiver::Array | Receiver::Text, "length") => TypeId::NUMBER,
        (Receiver::Function, "name") => TypeId::TEXT,
        _ => TypeId::ANY,
    }
}

impl Shape {
    /// The type, where the receiver and the arguments decide it.
    pub(crate) fn ty(
        self,
        types: &mut Types,
        element: Fact,
        args: &[Fact],
        mapped: Fact,
    ) -> TypeId {
        match self {
            Shape::Number => TypeId::NUMBER,
            Shape::Text => TypeId::TEXT,
            Shape::Boolean => TypeId::BOOLEAN,
            Shape::Null => TypeId::NULL,
            Shape::Same => types.array(element),
            Shape::With(from) => {
                let joined = join_widened(types, element, args.iter().skip(usize::from(from)));
                types.array(joined)
            }
            Shape::Concat => {
                let mut joined = element;
                for arg in args {
                    let part = concatenated(types, *arg);
                    joined = types.join(joined, part);
                }
                types.array(joined)
            }
            Shape::Element => types.join_types(element.ty, TypeId::NULL),
            Shape::Numbers => types.array(Fact::plain(TypeId::NUMBER)),
            Shape::Texts => types.array(Fact::plain(TypeId::TEXT)),
            Shape::Array => types.array(Fact::ANY),
            Shape::Mapped => {
                let mapped = types.widen_fact(mapped);
                types.array(mapped)
            }
            Shape::Any => TypeId::ANY,
        }
    }
}

fn join_widened<'f>(
    types: &mut Types,
    element: Fact,
    facts: impl Iterator<Item = &'f Fact>,
) -> Fact {
    let mut joined = element;
    for fact in facts {
        let wide = types.widen_fact(*fact);
        joined = types.join(joined, wide);
    }
    joined
}

/// The elements that an argument of `concat` adds: those of an array, or itself.
fn concatenated(types: &mut Types, arg: Fact) -> Fact {
    if let Some(element) = types.element(arg.ty) {
        return element;
    }
    let is_scalar = matches!(
        types.structure(arg.ty),
        Type::Null
            | Type::Gap
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::BoolLiteral(_)
            | Type::NumberLiteral(_)
            | Type::TextLiteral(_)
            | Type::Object(_)
    );
    if is_scalar { types.widen_fact(arg) } else { Fact::ANY }
}
