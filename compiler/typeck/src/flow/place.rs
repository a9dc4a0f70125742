//! Places: a variable, or a path into its value. What gates establish of them, and assignment.

use prism_hir::body::{Bits, ExprId, ExprKind, LocalId, LocalKind, Name, Place, PlaceStep};

use crate::confidence::Confidence;
use crate::errors::{ProblemKind, Target};
use crate::flow::Infer;
use crate::flow::env::PathRoot;
use crate::flow::literal::MAX_FIELDS;
use crate::types::{Fact, FieldType, Kinds, ObjectType, Text, Type, TypeId, Types};

/// Paths longer than this are not remembered.
const MAX_PATH: usize = 6;

/// An expression that reads a place.
#[derive(Clone, Copy)]
struct Reached<'p> {
    expr: ExprId,
    root: &'p PathRoot,
    path: &'p [Text],
}

impl Infer<'_> {
    /// Changes what is known of the value of an expression, where that is a place.
    /// `narrow` gives `None` when no value is left: the state becomes unreachable.
    pub(crate) fn refine(
        &mut self,
        expr: ExprId,
        narrow: &mut dyn FnMut(&mut Types, Fact) -> Option<Fact>,
    ) {
        let Some((root, path)) = self.place_of(expr) else { return };
        if matches!(root, PathRoot::Local(local) if self.is_volatile(local)) {
            return;
        }
        let place = Reached { expr, root: &root, path: &path };
        let known = self.known_at(place);
        match narrow(&mut self.types, known) {
            Some(fact) if fact.ty != TypeId::NEVER || known.ty == TypeId::NEVER => {
                self.establish(place, known, fact);
                self.refine_holder(place, narrow);
            }
            Some(_) | None => self.env.reachable = false,
        }
    }

    /// A test of `o.kind` keeps the members of the union o that can pass it; what holds o may be
    /// a union that this tells apart in its turn.
    fn refine_holder(
        &mut self,
        place: Reached<'_>,
        narrow: &mut dyn FnMut(&mut Types, Fact) -> Option<Fact>,
    ) {
        let Some((name, path)) = place.path.split_last() else { return };
        let ExprKind::Member { object, .. } = self.body.exprs[place.expr].kind else { return };
        let holder = Reached { expr: object, root: place.root, path };
        let mut narrow_holder = |types: &mut Types, fact: Fact| {
            // Of null `?.` reads null.
            let of_null = narrow(types, Fact::NULL).filter(|fact| fact.ty != TypeId::NEVER);
            let ty = match of_null {
                Some(_) => fact.ty,
                None => types.drop_kinds(fact.ty, Kinds::NULL),
            };
            let ty = types.narrow_field(ty, name, &mut |types, field| {
                // What the test saw has the confidence of both; the field keeps its own.
                let seen = field.with(field.confidence.product(fact.confidence));
                match narrow(types, seen) {
                    Some(narrowed) if fact.confidence.is_plain() => narrowed,
                    Some(narrowed) => field.retyped(narrowed.ty),
                    None => Fact::NEVER,
                }
            });
            (ty != TypeId::NEVER).then(|| fact.retyped(ty))
        };
        let known = self.known_at(holder);
        if matches!(self.types.structure(known.ty), Type::Union(_)) {
            match narrow_holder(&mut self.types, known) {
                Some(fact) => self.establish(holder, known, fact),
                None => {
                    self.env.reachable = false;
                    return;
                }
            }
        }
        self.refine_holder(holder, &mut narrow_holder);
    }

    fn known_at(&self, place: Reached<'_>) -> Fact {
        match place {
            Reached { root: PathRoot::Local(local), path: [], .. } => self.env.get(*local),
            Reached { expr, root, path } => {
                self.env.path(root, path).unwrap_or_else(|| self.fact(expr))
            }
        }
    }

    fn establish(&mut self, place: Reached<'_>, known: Fact, fact: Fact) {
        match place {
            Reached { root: PathRoot::Local(local), path: [], .. } => {
                self.env.refine(*local, fact);
            }
            Reached { root, path, .. } => {
                if fact != known {
                    self.env.add_path(root.clone(), path.to_vec(), fact);
                }
            }
        }
    }

    /// The variable and the path that an expression reads.
    pub(crate) fn place_of(&self, expr: ExprId) -> Option<(PathRoot, Vec<Text>)> {
        let mut path = Vec::new();
        let mut at = expr;
        loop {
            match &self.body.exprs[at].kind {
                ExprKind::Member { object, name, .. } if path.len() < MAX_PATH => {
                    path.push(name.clone());
                    at = *object;
                }
                ExprKind::Name(name) => {
                    path.reverse();
                    return Some((root_of(name)?, path));
                }
                _ => return None,
            }
        }
    }

    /// What gates have established of the place, if it is one.
    pub(crate) fn established(&self, expr: ExprId) -> Option<Fact> {
        if !self.env.has_paths() {
            return None;
        }
        let (root, path) = self.place_of(expr)?;
        self.env.path(&root, &path)
    }

    /// The place names the same value as long as the variable exists.
    pub(crate) fn is_stable(&self, expr: ExprId) -> bool {
        match self.place_of(expr) {
            Some((PathRoot::Local(local), _)) => !self.body.locals[local].is_assigned,
            Some((PathRoot::Fixed(_), _)) => true,
            Some((PathRoot::ModuleVar(_), _)) | None => false,
        }
    }

    /// Other functions change the variable: nothing is known of it at any point.
    pub(crate) fn is_volatile(&self, local: LocalId) -> bool {
        let data = &self.body.locals[local];
        data.is_assigned && data.is_captured
            || data.is_global && data.kind != LocalKind::Const && self.world.is_written(&data.name)
    }

    /// `place = value`.
    pub(crate) fn assign_place(&mut self, place: &Place, value: ExprId, fact: Fact) {
        for step in &place.path {
            if let PlaceStep::Index(index) = step {
                self.infer_expr(*index);
            }
        }
        let Name::Local(local) = place.root else {
            self.infer_expr(place.root_expr);
            self.frame().effects.writes = true;
            self.env.kill_module_paths();
            return;
        };
        if self.is_volatile(local) {
            self.frame().effects.writes = true;
        }
        if place.path.is_empty() {
            return self.assign_local(local, fact, Some(value));
        }
        let before = self.local_fact(local);
        self.record(place.root_expr, before);
        self.check_updatable(place, before.ty);
        let fact = self.decided(fact);
        let after = self.updated(before, &place.path, fact);
        self.check_declared_path(local, &place.path, value, fact);
        self.set_local(local, after);
    }

    /// `place.push(x)`: an array takes the new one, an object had a method of its own called.
    pub(crate) fn update_place(&mut self, place: &Place, call: ExprId, fact: Fact) {
        let (holder, _) = self.updated_by(call);
        let kinds = self.types.kinds(holder.ty);
        if !kinds.meets(Kinds::ARRAY) {
            return self.read_place(place);
        }
        if !kinds.meets(Kinds::OBJECT.or(Kinds::OTHER)) {
            return self.assign_place(place, call, fact);
        }
        let others = self.types.drop_kinds(holder.ty, Kinds::ARRAY);
        let fact = self.types.join(fact, holder.retyped(others));
        self.assign_place(place, call, fact);
    }

    /// The same where the root is a constant: an array there cannot take the new one.
    pub(crate) fn update_constant(&mut self, place: &Place, call: ExprId) {
        self.read_place(place);
        let (holder, method) = self.updated_by(call);
        let ty = self.types.drop_kinds(holder.ty, Kinds::NULL);
        if ty != TypeId::NEVER && self.types.kinds(ty).is_within(Kinds::ARRAY) {
            let root = place.root_expr;
            self.report(root, ProblemKind::UpdatesConstant { method, root });
        }
    }

    /// What stands at the place of an updating call, and the method.
    fn updated_by(&self, call: ExprId) -> (Fact, Text) {
        match &self.body.exprs[call].kind {
            ExprKind::MethodCall { object, name, .. } => (self.fact(*object), name.clone()),
            kind => unreachable!("an update is a call of a method: {kind:?}"),
        }
    }

    /// A place that keeps its value: its parts are known all the same.
    fn read_place(&mut self, place: &Place) {
        self.infer_expr(place.root_expr);
        for step in &place.path {
            if let PlaceStep::Index(index) = step {
                self.infer_expr(*index);
            }
        }
    }

    /// A number, a text or null has no keys to set, and an array has only elements.
    fn check_updatable(&mut self, place: &Place, ty: TypeId) {
        if let PlaceStep::Member(name) = &place.path[0]
            && ty != TypeId::NEVER
            && self.types.kinds(ty).is_within(Kinds::ARRAY.or(Kinds::TEXT))
        {
            let kind = ProblemKind::CannotSetMember { name: name.clone(), of: ty };
            return self.report(place.root_expr, kind);
        }
        let scalar = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::NULL).or(Kinds::TEXT);
        if ty == TypeId::NEVER || !self.types.kinds(ty).is_within(scalar) {
            return;
        }
        let kind = match &place.path[0] {
            PlaceStep::Member(name) => ProblemKind::MissingMember {
                name: name.clone(),
                of: ty,
                nearest: None,
                is_method: false,
            },
            PlaceStep::Index(_) => ProblemKind::NotIndexable { of: ty, key: None },
        };
        self.report(place.root_expr, kind);
    }

    /// A container after `container.path = value`.
    fn updated(&mut self, known: Fact, path: &[PlaceStep], value: Fact) -> Fact {
        let Some((first, rest)) = path.split_first() else { return known };
        let ty = match (first, self.types.structure(known.ty).clone()) {
            (PlaceStep::Member(name), Type::Object(object)) => {
                self.with_member(&object, name, rest, value)
            }
            (PlaceStep::Index(index), Type::Tuple(elements))
                if self.known_place(*index, elements.len()).is_some() =>
            {
                let at = self.known_place(*index, elements.len()).expect("it was just found");
                let mut elements = elements;
                let new = self.inner_value(elements[at], rest, value);
                elements[at] = self.types.widen_fact(new);
                self.types.intern(Type::Tuple(elements))
            }
            (PlaceStep::Index(_), Type::Array(_) | Type::Tuple(_)) => {
                let element = self.types.element(known.ty).unwrap_or(Fact::ANY);
                let new = self.inner_value(element, rest, value);
                let new = self.types.widen_fact(new);
                let element = self.types.join(element, new);
                self.types.array(element)
            }
            (PlaceStep::Index(index), Type::Object(object)) => {
                match self.types.get(self.fact(*index).ty).clone() {
                    Type::TextLiteral(name) => self.with_member(&object, &name, rest, value),
                    _ => self.types.some_object(),
                }
            }
            _ => TypeId::ANY,
        };
        let is_listed = match self.types.structure(ty) {
            Type::Object(object) => !object.is_open,
            Type::Array(_) | Type::Tuple(_) => true,
            _ => false,
        };
        if is_listed {
            return known.retyped(ty);
        }
        // The type does not say where the value is: the whole speaks for it.
        let label = self.types.whole(value).label();
        self.types.forgotten(known).retyped(ty).capped(label)
    }

    /// The place in a tuple that an index is known to mean.
    fn known_place(&self, index: ExprId, length: usize) -> Option<usize> {
        let at = self.types.as_number(self.fact(index).ty)?.floor();
        (at >= 0.0 && at < length as f64).then_some(at as usize)
    }

    fn with_member(
        &mut self,
        object: &ObjectType,
        name: &Text,
        rest: &[PlaceStep],
        value: Fact,
    ) -> TypeId {
        let mut object = object.clone();
        let known = object.field(name).map_or(Fact::ANY, |field| field.fact);
        let fact = self.inner_value(known, rest, value);
        let is_one_of_many = object.fields.len() >= MAX_FIELDS
            && self.types.whole(fact).label() == Confidence::PLAIN.label();
        match object.fields.iter_mut().find(|field| field.name == *name) {
            Some(field) => {
                field.fact = fact;
                field.is_optional = false;
            }
            // Of many keys that come one by one, those that say nothing are not listed.
            None if is_one_of_many => {
                object.is_open = true;
            }
            None => {
                object.fields.push(FieldType { name: name.clone(), fact, is_optional: false });
            }
        }
        self.types.object(object)
    }

    fn inner_value(&mut self, known: Fact, rest: &[PlaceStep], value: Fact) -> Fact {
        if rest.is_empty() {
            return value;
        }
        self.updated(known, rest, value)
    }

    /// `o.k = v` where the variable was declared with a type for `k`.
    fn check_declared_path(
        &mut self,
        local: LocalId,
        path: &[PlaceStep],
        value: ExprId,
        fact: Fact,
    ) {
        let Some(mut declared) = self.declared_fact(local) else { return };
        let mut target = self.body.locals[local].name.to_string();
        for step in path {
            let inner = match step {
                PlaceStep::Member(name) => {
                    target.push('.');
                    target.push_str(name);
                    self.field_of(declared.ty, name)
                }
                PlaceStep::Index(index) => {
                    target.push_str("[]");
                    match self.types.structure(declared.ty).clone() {
                        Type::Tuple(elements) => match self.known_place(*index, elements.len()) {
                            Some(at) => Some(elements[at]),
                            None => self.types.element(declared.ty),
                        },
                        _ => self.types.element(declared.ty),
                    }
                }
            };
            let Some(inner) = inner else { return };
            declared = inner;
        }
        self.check_fit(value, fact, declared, Target::Variable(target.into()));
    }
}

/// The literal type of a number; both zeros are one.
pub(crate) fn number_type(types: &mut Types, value: f64) -> TypeId {
    types.number_literal(Bits::new(if value == 0.0 { 0.0 } else { value }))
}

fn root_of(name: &Name) -> Option<PathRoot> {
    match name {
        Name::Local(local) => Some(PathRoot::Local(*local)),
        Name::ModuleVar(text) => Some(PathRoot::ModuleVar(text.clone())),
        Name::Host(text) => Some(PathRoot::Fixed(text.clone())),
        Name::ModuleFunction(_)
        | Name::Import { .. }
        | Name::Namespace { .. }
        | Name::Builtin(_)
        | Name::Effect(_)
        | Name::Unresolved(_) => None,
    }
}
