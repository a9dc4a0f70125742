//! Members and elements: `o.k`, `o?.k`, `o~.k`, `xs[i]`.

use prism_hir::body::{Bits, ExprId, ExprKind, MemberMode, Name};
use prism_hir::builtins::{Receiver, builtin, member};

use crate::builtins::{member_names, property_type, receiver_of};
use crate::confidence::Confidence;
use crate::errors::{NullUse, ProblemKind};
use crate::flow::Infer;
use crate::flow::literal::inside;
use crate::flow::report::nearest;
use crate::types::{Fact, Kinds, ObjectType, Text, Type, TypeId};

/// What reading a member of one kind of value gives.
enum Read {
    Found(Fact),
    /// It may be missing; reading it softly then gives null.
    Perhaps(Fact),
    Missing,
}

impl Infer<'_> {
    pub(crate) fn infer_member(
        &mut self,
        at: ExprId,
        object: ExprId,
        name: &Text,
        mode: MemberMode,
    ) -> Fact {
        match &self.body.exprs[object].kind {
            ExprKind::Name(Name::Builtin(namespace)) => {
                let full = format!("{namespace}.{name}");
                if builtin(&full).is_some() {
                    return crate::builtins::global(&mut self.types, &full);
                }
            }
            ExprKind::Name(Name::Namespace { module }) => {
                let import = Name::Import { module: module.clone(), name: name.clone() };
                return self.infer_name(&import);
            }
            _ => {}
        }
        let container = self.infer_expr(object);
        if matches!(mode, MemberMode::Plain | MemberMode::Soft) {
            self.check_null(object, container, NullUse::Member);
        }
        let container = self.on_the_way_to(container, name);
        let (read, may_be_missing) = self.read_member(at, container, name, mode);
        if let Some(established) = self.established(at) {
            return established;
        }
        if mode == MemberMode::Plain {
            self.check_missing(at, object, container, name);
        }
        let confidence = read.confidence.product(container.confidence);
        let mut fact = read.with(confidence);
        if may_be_missing {
            // The null of a missing key is plain, however sure the object is.
            fact = self.types.join(fact, Fact::NULL);
        }
        match mode {
            MemberMode::Confident => fact.with(confidence.present()),
            MemberMode::Optional if self.types.kinds(container.ty).meets(Kinds::NULL) => {
                self.types.join(fact, Fact::NULL)
            }
            MemberMode::Plain | MemberMode::Optional | MemberMode::Soft => fact,
        }
    }

    /// Reads a member of every kind of value the type allows; complains when none has it. Says
    /// whether it may be missing, which gives null.
    fn read_member(
        &mut self,
        at: ExprId,
        from: Fact,
        name: &Text,
        mode: MemberMode,
    ) -> (Fact, bool) {
        let ty = from.ty;
        if ty.is_unknown() || ty == TypeId::NEVER {
            return (inside(from, None).retyped(ty), ty == TypeId::ANY && Self::is_soft(mode));
        }
        let mut joined = Fact::NEVER;
        let (mut is_read, mut may_be_missing) = (false, false);
        let mut without = None;
        for part in self.types.members(ty) {
            let fact = match self.read_of(from.retyped(part), name) {
                Read::Found(fact) => fact,
                Read::Perhaps(fact) => {
                    may_be_missing |= Self::is_soft(mode);
                    fact
                }
                Read::Missing if self.gives_null(part, mode) => {
                    may_be_missing = true;
                    Fact::NEVER
                }
                Read::Missing => {
                    without.get_or_insert(part);
                    continue;
                }
            };
            is_read = true;
            joined = self.types.join(joined, fact);
        }
        if is_read {
            if let (Some(part), ExprKind::Member { object, .. }) =
                (without, &self.body.exprs[at].kind)
                && !is_null(part)
            {
                self.check_kind(*object, from, part, Some(name));
            }
            return (joined, may_be_missing);
        }
        (self.missing_member(at, ty, name), false)
    }

    /// Reading a missing member this way is no error.
    fn gives_null(&self, ty: TypeId, mode: MemberMode) -> bool {
        match mode {
            MemberMode::Plain => false,
            MemberMode::Optional | MemberMode::Confident => true,
            MemberMode::Soft => !is_null(ty),
        }
    }

    fn read_of(&mut self, from: Fact, name: &Text) -> Read {
        let (ty, unlisted) = (from.ty, inside(from, None));
        if let Type::Object(object) = self.types.get(ty) {
            return self.read_field(&object.clone(), name, unlisted);
        }
        let Some(receiver) = receiver_of(&self.types, ty) else {
            return if is_null(ty) { Read::Missing } else { Read::Found(unlisted) };
        };
        match member(receiver, name) {
            Some(row) if row.arity.is_none() => {
                Read::Found(Fact::plain(property_type(receiver, name)))
            }
            Some(_) => Read::Found(Fact::plain(self.types.any_function())),
            None => match receiver {
                Receiver::Agent => Read::Perhaps(unlisted),
                Receiver::Array
                | Receiver::Boolean
                | Receiver::Function
                | Receiver::Number
                | Receiver::Object
                | Receiver::Promise
                | Receiver::Text => Read::Missing,
            },
        }
    }

    fn read_field(&mut self, object: &ObjectType, name: &Text, unlisted: Fact) -> Read {
        match object.field(name) {
            Some(field) if field.is_optional => Read::Perhaps(field.fact),
            Some(field) => Read::Found(field.fact),
            None if object.is_open => Read::Perhaps(unlisted),
            None if member(Receiver::Object, name).is_some() => {
                Read::Found(Fact::plain(self.types.any_function()))
            }
            None => Read::Missing,
        }
    }

    fn missing_member(&mut self, at: ExprId, ty: TypeId, name: &Text) -> Fact {
        // `o.` was reported where the name is missing.
        if name.is_empty() {
            return Fact::ERROR;
        }
        let nearest = match self.types.structure(ty) {
            Type::Object(object) => nearest(name, object.fields.iter().map(|field| &*field.name)),
            _ => receiver_of(&self.types, ty).and_then(|kind| nearest(name, member_names(kind))),
        };
        let kind =
            ProblemKind::MissingMember { name: name.clone(), of: ty, nearest, is_method: false };
        self.report(at, kind);
        Fact::ERROR
    }

    pub(crate) fn infer_index(
        &mut self,
        at: ExprId,
        object: ExprId,
        index: ExprId,
        is_optional: bool,
    ) -> Fact {
        let container = self.infer_expr(object);
        let key = self.infer_expr(index);
        if !is_optional {
            self.check_null(object, container, NullUse::Index);
        }
        let ty = container.ty;
        let never_has = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::FUNCTION).or(Kinds::TEXT);
        let never_has = if is_optional { never_has } else { never_has.or(Kinds::NULL) };
        if ty != TypeId::NEVER && self.types.kinds(ty).is_within(never_has) {
            self.report(object, ProblemKind::NotIndexable { of: ty, key: Some(index) });
            return Fact::ERROR;
        }
        let container = match self.types.get(key.ty).clone() {
            Type::TextLiteral(name) => self.on_the_way_to(container, &name),
            _ => container,
        };
        let (element, may_be_missing) = self.element_of(at, container, key.ty);
        let element = element.capped(key.confidence.label());
        let fact = element.with(element.confidence.product(container.confidence));
        if may_be_missing || is_optional { self.types.join(fact, Fact::NULL) } else { fact }
    }

    /// What is read at a key, and whether nothing may be there, which gives null.
    fn element_of(&mut self, at: ExprId, from: Fact, key: TypeId) -> (Fact, bool) {
        let (ty, unlisted) = (from.ty, inside(from, None));
        let number = self.types.as_number(key);
        let element = match self.types.structure(ty).clone() {
            Type::Tuple(elements) => match number {
                Some(index) => self.known_element(at, &elements, index),
                None => {
                    let joined = self.types.join_all(&elements);
                    if joined.ty == TypeId::NEVER { unlisted } else { joined }
                }
            },
            Type::Array(element) if element.ty == TypeId::NEVER => unlisted,
            Type::Array(element) => element,
            Type::Object(object) => match self.types.get(key).clone() {
                Type::TextLiteral(name) => match object.field(&name) {
                    Some(field) => return (field.fact, field.is_optional),
                    None if object.is_open => return (unlisted, true),
                    None => return (Fact::NEVER, true),
                },
                // Any of the fields, or one that is not listed.
                _ => Fact::ANY.with(Confidence::ANY.labelled(self.types.whole(from).label())),
            },
            Type::Any => return (unlisted, true),
            _ => unlisted,
        };
        (element, false)
    }

    /// Fractions are cut off; an index before the start or behind the end is an error.
    fn known_element(&mut self, at: ExprId, elements: &[Fact], index: f64) -> Fact {
        let floored = index.floor();
        if floored >= 0.0 && floored < elements.len() as f64 {
            return elements[floored as usize];
        }
        let kind = ProblemKind::IndexOutOfRange { index: Bits::new(index), length: elements.len() };
        self.report(at, kind);
        Fact::ERROR
    }
}

fn is_null(ty: TypeId) -> bool {
    matches!(ty, TypeId::NULL | TypeId::GAP)
}
