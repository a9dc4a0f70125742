//! Literals: texts with values in them, arrays, objects, and what is spread into them.

use prism_hir::body::{Element, ExprId, Field, TemplatePart};

use crate::errors::ProblemKind;
use crate::flow::Infer;
use crate::flow::report::nearest;
use crate::types::{Fact, FieldType, Kinds, MAX_TUPLE, ObjectType, Text, Type, TypeId};

/// Objects with more keys than this are not followed key by key.
const MAX_FIELDS: usize = 100;

impl<'a> Infer<'a> {
    pub(crate) fn infer_template(&mut self, parts: &[TemplatePart]) -> Fact {
        for part in parts {
            match part {
                TemplatePart::Text(_) => {}
                TemplatePart::Expr(expr) => {
                    self.infer_expr(*expr);
                }
            }
        }
        Fact::plain(TypeId::TEXT)
    }

    pub(crate) fn infer_array(&mut self, elements: &[Element], expected: Option<Fact>) -> Fact {
        let expected = expected.and_then(|expected| self.types.element(expected.ty));
        let mut facts = Vec::with_capacity(elements.len().min(MAX_TUPLE));
        let mut joined = Fact::NEVER;
        let mut is_tuple = elements.len() <= MAX_TUPLE;
        for element in elements {
            let fact = match element {
                Element::Expr(expr) => self.infer_expected(*expr, expected),
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
        Fact::plain(if is_tuple {
            self.types.intern(Type::Tuple(facts.into()))
        } else {
            self.types.array(joined)
        })
    }

    /// The fact of the elements that `...expr` puts into an array or an argument list.
    pub(crate) fn infer_spread(&mut self, expr: ExprId) -> Fact {
        let spread = self.infer_expr(expr);
        let never_spreads = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::NULL).or(Kinds::FUNCTION);
        if spread.ty != TypeId::NEVER && self.types.kinds(spread.ty).is_within(never_spreads) {
            self.report(expr, ProblemKind::CannotSpread { ty: spread.ty });
        }
        self.types.element(spread.ty).unwrap_or(Fact::ANY)
    }

    pub(crate) fn infer_object(&mut self, fields: &[Field], expected: Option<Fact>) -> Fact {
        let mut object = ObjectType::default();
        for field in fields {
            match field {
                Field::Named { name, value } => {
                    let declared = expected.and_then(|fact| self.field_of(fact.ty, name));
                    if let (Some(expected), None) = (expected, declared) {
                        self.check_key(*value, name, expected.ty, fields);
                    }
                    let fact = self.infer_expected(*value, declared);
                    set_field(&mut object, name, fact);
                }
                Field::Computed { key, value } => {
                    let key = self.infer_expr(*key);
                    let fact = self.infer_expr(*value);
                    match self.types.get(key.ty).clone() {
                        Type::TextLiteral(name) => set_field(&mut object, &name, fact),
                        _ => open(&mut object),
                    }
                }
                Field::Spread(expr) => self.spread_into(&mut object, *expr),
            }
        }
        Fact::plain(self.types.object(object))
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

    fn spread_into(&mut self, object: &mut ObjectType, expr: ExprId) {
        let spread = self.infer_expr(expr);
        let never_spreads = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::FUNCTION);
        if spread.ty != TypeId::NEVER && self.types.kinds(spread.ty).is_within(never_spreads) {
            self.report(expr, ProblemKind::CannotSpread { ty: spread.ty });
        }
        match self.types.structure(spread.ty).clone() {
            Type::Object(other) if !other.is_open => {
                for field in &other.fields {
                    merge_spread_field(self, object, field);
                }
            }
            _ => open(object),
        }
    }

    /// The declared fact of a field, where an object literal is expected.
    pub(crate) fn field_of(&self, ty: TypeId, name: &str) -> Option<Fact> {
        if let Type::Object(object) = self.types.structure(ty) {
            return object.field(name).map(|field| field.fact);
        }
        None
    }
}

fn set_field(object: &mut ObjectType, name: &Text, fact: Fact) {
    if let Some(field) = object.fields.iter_mut().find(|field| field.name == *name) {
        field.fact = fact;
        field.is_optional = false;
        return;
    }
    if object.fields.len() >= MAX_FIELDS {
        // From here on the object is only known to be one.
        object.is_open = true;
        return;
    }
    object.fields.push(FieldType { name: name.clone(), fact, is_optional: false });
}

/// Any key may have been set to anything.
fn open(object: &mut ObjectType) {
    object.fields.clear();
    object.is_open = true;
}

fn merge_spread_field(infer: &mut Infer<'_>, object: &mut ObjectType, field: &FieldType) {
    if !field.is_optional {
        return set_field(object, &field.name, field.fact);
    }
    match object.fields.iter_mut().find(|known| known.name == field.name) {
        Some(known) => known.fact = infer.types.join(known.fact, field.fact),
        None => object.fields.push(field.clone()),
    }
}
