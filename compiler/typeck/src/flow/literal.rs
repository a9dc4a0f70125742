//! Literals: texts with values in them, arrays, objects, and what is spread into them.

use prism_hir::body::{Element, ExprId, Field, TemplatePart};

use crate::confidence::{Confidence, Label};
use crate::errors::ProblemKind;
use crate::flow::Infer;
use crate::flow::report::nearest;
use crate::types::{Fact, FieldType, Kinds, MAX_TUPLE, ObjectType, Text, Type, TypeId};

/// Objects with more keys than this are not followed key by key.
pub(super) const MAX_FIELDS: usize = 100;

impl<'a> Infer<'a> {
    pub(crate) fn infer_template(&mut self, parts: &[TemplatePart]) -> Fact {
        let mut label = Label::NONE;
        for part in parts {
            match part {
                TemplatePart::Text(_) => {}
                TemplatePart::Expr(expr) => {
                    let fact = self.infer_expr(*expr);
                    label = label.and(self.types.whole(fact).label());
                }
            }
        }
        Fact::plain(TypeId::TEXT).capped(label)
    }

    pub(crate) fn infer_array(&mut self, elements: &[Element], expected: Option<Fact>) -> Fact {
        let places = match expected.map(|expected| self.types.structure(expected.ty)) {
            Some(Type::Tuple(places)) => Some(places.clone()),
            _ => None,
        };
        let expected = expected.and_then(|expected| self.types.element(expected.ty));
        let mut facts = Vec::with_capacity(elements.len().min(MAX_TUPLE));
        let mut joined = Fact::NEVER;
        let mut is_tuple = elements.len() <= MAX_TUPLE;
        for (index, element) in elements.iter().enumerate() {
            let fact = match element {
                Element::Expr(expr) => {
                    let place = places.as_ref().and_then(|places| places.get(index).copied());
                    self.infer_expected(*expr, place.or(expected))
                }
                Element::Spread(expr) => {
                    is_tuple = false;
                    self.infer_spread(*expr)
                }
            };
            if is_tuple {
                facts.push(fact);
            }
            let wide = self.types.widen_fact(fact);
            joined = self.types.join(joined, wide);
        }
        let ty = if is_tuple {
            self.types.intern(Type::Tuple(facts.into()))
        } else {
            self.types.array(joined)
        };
        // Too deep to be followed: the whole speaks for its parts.
        let label = if ty == TypeId::ANY { self.types.whole(joined).label() } else { Label::NONE };
        Fact::plain(ty).capped(label)
    }

    /// The fact of the elements that `...expr` puts into an array or an argument list.
    pub(crate) fn infer_spread(&mut self, expr: ExprId) -> Fact {
        let spread = self.infer_expr(expr);
        let never_spreads = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::NULL).or(Kinds::FUNCTION);
        let never_spreads = never_spreads.or(Kinds::TEXT).or(Kinds::OBJECT).or(Kinds::AGENT);
        if spread.ty != TypeId::NEVER && self.types.kinds(spread.ty).is_within(never_spreads) {
            self.report(expr, ProblemKind::CannotSpread { ty: spread.ty });
        }
        let element = self.types.element(spread.ty);
        inside(spread, element)
    }

    pub(crate) fn infer_object(&mut self, fields: &[Field], expected: Option<Fact>) -> Fact {
        let mut object = ObjectType::default();
        // Of what the type does not list.
        let mut label = Label::NONE;
        for field in fields {
            match field {
                Field::Named { name, value } => {
                    let declared = expected.and_then(|fact| self.field_of(fact.ty, name));
                    if let (Some(expected), None) = (expected, declared) {
                        self.check_key(*value, name, expected.ty, fields);
                    }
                    let fact = self.infer_expected(*value, declared);
                    label = self.set_field(&mut object, (name, fact), label);
                }
                Field::Computed { key, value } => {
                    let key = self.infer_expr(*key);
                    let fact = self.infer_expr(*value);
                    match self.types.get(key.ty).clone() {
                        Type::TextLiteral(name) => {
                            label = self.set_field(&mut object, (&name, fact), label);
                        }
                        _ => {
                            label = label.and(self.opened(&mut object, &[key, fact]));
                        }
                    }
                }
                Field::Spread(expr) => {
                    label = self.spread_into(&mut object, *expr, label);
                }
            }
        }
        let facts: Vec<Fact> = object.fields.iter().map(|field| field.fact).collect();
        let ty = self.types.object(object);
        if ty == TypeId::ANY {
            label = label.and(self.label_of(&facts));
        }
        Fact::plain(ty).capped(label)
    }

    /// Any key may have been set to one of the values: gives the label of what the type forgets.
    fn opened(&self, object: &mut ObjectType, values: &[Fact]) -> Label {
        let facts: Vec<Fact> = object.fields.drain(..).map(|field| field.fact).collect();
        object.is_open = true;
        self.label_of(&facts).and(self.label_of(values))
    }

    /// A key that the declared type does not have, and that looks like one it has.
    fn check_key(&mut self, at: ExprId, name: &Text, declared: TypeId, given: &[Field]) {
        let Type::Object(object) = self.types.structure(declared) else { return };
        if object.is_open {
            return;
        }
        let is_given = |key: &str| {
            given.iter().any(|field| matches!(field, Field::Named { name, .. } if &**name == key))
        };
        let absent = object.fields.iter().map(|field| &*field.name).filter(|key| !is_given(key));
        if let Some(nearest) = nearest(name, absent) {
            let name = name.clone();
            self.report(at, ProblemKind::UnknownField { name, of: declared, nearest });
        }
    }

    /// Gives the label of what the type of the object does not list; so far it is `label`.
    fn spread_into(&mut self, object: &mut ObjectType, expr: ExprId, label: Label) -> Label {
        let spread = self.infer_expr(expr);
        let never_spreads = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::FUNCTION);
        let never_spreads = never_spreads.or(Kinds::TEXT).or(Kinds::ARRAY);
        if spread.ty != TypeId::NEVER && self.types.kinds(spread.ty).is_within(never_spreads) {
            self.report(expr, ProblemKind::CannotSpread { ty: spread.ty });
        }
        match self.types.structure(spread.ty).clone() {
            Type::Object(other) if !other.is_open => {
                let mut label = label;
                for field in &other.fields {
                    let inside = self.on_the_way_to(spread, &field.name);
                    let fact = field.fact.capped(inside.confidence.label());
                    let field = FieldType { fact, ..field.clone() };
                    label = self.merge_spread_field(object, field, label);
                }
                label
            }
            _ => label.and(self.opened(object, &[spread])),
        }
    }

    /// Gives the label of what the type of the object does not list; so far it is `label`.
    fn set_field(
        &mut self,
        object: &mut ObjectType,
        (name, fact): (&Text, Fact),
        label: Label,
    ) -> Label {
        if let Some(field) = object.fields.iter_mut().find(|field| field.name == *name) {
            field.fact = fact;
            field.is_optional = false;
        } else if object.fields.len() < MAX_FIELDS {
            object.fields.push(FieldType { name: name.clone(), fact, is_optional: false });
        } else {
            // From here on the object is only known to be one.
            object.is_open = true;
            return label.and(self.types.whole(fact).label());
        }
        // What was spread before has the field no more.
        Label { secrets: self.sources.replaced(label.secrets, name), ..label }
    }

    fn merge_spread_field(
        &mut self,
        object: &mut ObjectType,
        field: FieldType,
        label: Label,
    ) -> Label {
        if !field.is_optional {
            return self.set_field(object, (&field.name, field.fact), label);
        }
        match object.fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => known.fact = self.types.join(known.fact, field.fact),
            None => object.fields.push(field),
        }
        label
    }

    /// The declared fact of a field, where an object literal is expected.
    pub(crate) fn field_of(&self, ty: TypeId, name: &str) -> Option<Fact> {
        if let Type::Object(object) = self.types.structure(ty) {
            return object.field(name).map(|field| field.fact);
        }
        None
    }
}

/// A part of a container; one that the container's type does not list has its label.
pub(crate) fn inside(container: Fact, part: Option<Fact>) -> Fact {
    let label = container.confidence.label();
    part.map_or(Fact::ANY.with(Confidence::ANY.labelled(label)), |part| part.capped(label))
}
