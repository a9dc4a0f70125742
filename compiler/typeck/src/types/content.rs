//! What is inside a type: found once, when the type is interned, from the content of its parts.
//! A type may hold the same part many times, so nobody should walk through it to find out.

use crate::confidence::{Confidence, Label, Presence};
use crate::types::{Fact, Type, TypeId, Types};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Content {
    /// How many composite types stand inside one another.
    pub depth: u8,
    /// A value of the type holds no confident values, at any depth.
    pub is_plain: bool,
    /// Somewhere inside is a function.
    pub has_functions: bool,
    /// Somewhere inside is a function with a parameter that demands a level.
    pub has_demands: bool,
    /// The least confidence and the label of what is listed inside. What is not listed (the
    /// keys of an open object, the inside of `any`) has the label of the whole.
    pub low: f64,
    pub label: Label,
}

const EMPTY: Content = Content {
    depth: 0,
    is_plain: true,
    has_functions: false,
    has_demands: false,
    low: 1.0,
    label: Label::NONE,
};

impl Types {
    /// A value of the type holds no confident values, at any depth. What its functions give is
    /// looked at where they are called.
    pub(crate) fn holds_only_plain(&self, id: TypeId) -> bool {
        self.content(id).is_plain
    }

    pub(crate) fn has_functions(&self, id: TypeId) -> bool {
        self.content(id).has_functions
    }

    /// A function that demands a level is somewhere inside.
    pub(crate) fn has_demands(&self, id: TypeId) -> bool {
        self.content(id).has_demands
    }

    /// Something inside is made of a secret, or of what a function was given.
    pub(crate) fn holds_secrets(&self, id: TypeId) -> bool {
        !self.content(id).label.secrets.is_none()
    }

    /// The confidence of a value together with all that it holds.
    pub(crate) fn whole(&self, fact: Fact) -> Confidence {
        let content = self.content(fact.ty);
        let own = fact.confidence.capped(content.label);
        let presence = if content.is_plain { own.presence } else { Presence::Unknown };
        Confidence { low: own.low.min(content.low), presence, ..own }
    }

    /// What is left of a fact when its type is forgotten: its confidence speaks for its content.
    pub(crate) fn forgotten(&self, fact: Fact) -> Fact {
        if fact.ty.is_simple() { fact } else { fact.with(self.whole(fact)) }
    }

    /// How many composite types stand inside one another.
    pub(super) fn depth(&self, id: TypeId) -> u8 {
        self.content(id).depth
    }

    fn content(&self, id: TypeId) -> Content {
        match (id.0 as usize).checked_sub(super::SIMPLE.len()) {
            Some(index) => self.contents[index],
            None => {
                let is_open = matches!(id, TypeId::ANY | TypeId::ERROR | TypeId::AGENT);
                Content { is_plain: !is_open, ..EMPTY }
            }
        }
    }

    pub(super) fn content_of(&self, ty: &Type) -> Content {
        match ty {
            Type::Array(element) => self.inside([*element].into_iter()),
            Type::Tuple(elements) => self.inside(elements.iter().copied()),
            Type::Object(object) => {
                let content = self.inside(object.fields.iter().map(|field| field.fact));
                Content { is_plain: content.is_plain && !object.is_open, ..content }
            }
            Type::Function(function) => {
                let facts = function.params.iter().map(|param| param.fact);
                let content = self.inside(facts.chain([function.result]));
                // Whoever has the function has what it gives.
                let given = self.whole(function.result);
                let has_demands = content.has_demands || function.has_demands();
                Content {
                    is_plain: true,
                    has_functions: true,
                    has_demands,
                    low: given.low,
                    label: function.flows.label_outside(given.label()),
                    ..content
                }
            }
            Type::Union(members) => {
                members.iter().fold(EMPTY, |content, member| merge(content, self.content(*member)))
            }
            Type::Alias { target, .. } => self.content(*target),
            Type::Any | Type::Error | Type::Agent => Content { is_plain: false, ..EMPTY },
            Type::Never
            | Type::Null
            | Type::Gap
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::BoolLiteral(_)
            | Type::NumberLiteral(_)
            | Type::TextLiteral(_) => EMPTY,
        }
    }

    /// The content of a type with these parts.
    fn inside(&self, parts: impl Iterator<Item = Fact>) -> Content {
        let mut content = EMPTY;
        for part in parts {
            let inner = self.content(part.ty);
            let is_plain = inner.is_plain && part.confidence.presence == Presence::Plain;
            let low = inner.low.min(part.confidence.low);
            let label = inner.label.and(part.confidence.label());
            // A part without values, such as the elements of `[]`, says nothing.
            let (low, label) =
                if part.ty == TypeId::NEVER { (1.0, Label::NONE) } else { (low, label) };
            content = merge(content, Content { is_plain, low, label, ..inner });
        }
        Content { depth: content.depth + 1, ..content }
    }
}

fn merge(a: Content, b: Content) -> Content {
    Content {
        depth: a.depth.max(b.depth),
        is_plain: a.is_plain && b.is_plain,
        has_functions: a.has_functions || b.has_functions,
        has_demands: a.has_demands || b.has_demands,
        low: a.low.min(b.low),
        label: a.label.and(b.label),
    }
}
