//! Expressions: one function per kind of expression, and the table that chooses it.

use prism_hir::body::{
    Element, ExprId, ExprKind, Field, LogicalOp, MemberMode, Name, TemplatePart, UnaryOp,
};

use crate::confidence::Confidence;
use crate::errors::ProblemKind;
use crate::flow::env::PathRoot;
use crate::flow::{Infer, MAX_NESTING};
use crate::inference::index_of;
use crate::types::{Fact, FieldType, Kinds, MAX_TUPLE, ObjectType, Text, Type, TypeId};

/// Objects with more keys than this are not followed key by key.
const MAX_FIELDS: usize = 100;

impl<'a> Infer<'a> {
    pub(crate) fn infer_expr(&mut self, expr: ExprId) -> Fact {
        self.infer_expected(expr, None)
    }

    /// Infers an expression that goes where `expected` was declared: lambdas and literals use it.
    pub(crate) fn infer_expected(&mut self, expr: ExprId, expected: Option<Fact>) -> Fact {
        if self.nesting >= MAX_NESTING {
            self.perform_unknown();
            return Fact::ANY;
        }
        self.nesting += 1;
        self.n_visits += 1;
        let fact = self.infer_kind(expr, expected);
        self.nesting -= 1;
        self.record(expr, fact)
    }

    pub(crate) fn record(&mut self, expr: ExprId, fact: Fact) -> Fact {
        self.exprs[index_of(expr)] = fact;
        fact
    }

    fn infer_kind(&mut self, expr: ExprId, expected: Option<Fact>) -> Fact {
        let body = self.body;
        match &body.exprs[expr].kind {
            ExprKind::Error => Fact::ERROR,
            ExprKind::Null => Fact::NULL,
            ExprKind::Bool(true) => Fact::plain(TypeId::TRUE),
            ExprKind::Bool(false) => Fact::plain(TypeId::FALSE),
            ExprKind::Number(bits) => Fact::plain(self.types.number_literal(*bits)),
            ExprKind::Text(text) => Fact::plain(self.types.text_literal(text)),
            ExprKind::Template(parts) => self.infer_template(parts),
            ExprKind::Array(elements) => self.infer_array(elements, expected),
            ExprKind::Object(fields) => self.infer_object(fields, expected),
            ExprKind::Name(name) => self.infer_name(name),
            ExprKind::Unary { op, operand } => self.infer_unary(expr, *op, *operand),
            ExprKind::Binary { .. } => self.infer_binary_chain(expr),
            ExprKind::Logical { op, .. } => self.infer_logical_chain(expr, *op),
            ExprKind::ConfidentLogical { op, left, right } => {
                self.infer_confident_logical(*op, *left, *right)
            }
            ExprKind::Chain { left, right } => self.infer_chain(*left, *right),
            ExprKind::MoreConfident { left, right } => self.infer_more_confident(*left, *right),
            ExprKind::ConfidentCoalesce { left, right } => {
                self.infer_confident_coalesce(*left, *right)
            }
            ExprKind::Escalate { left, right } => self.infer_escalate(*left, *right),
            ExprKind::Threshold { value, threshold, default } => {
                self.infer_threshold(*value, *threshold, *default)
            }
            ExprKind::Annotate { value, confidence } => self.infer_annotate(*value, *confidence),
            ExprKind::Gate { value, confidence } => self.infer_gate(*value, *confidence),
            ExprKind::Ternary { condition, then, otherwise } => {
                self.infer_ternary(*condition, *then, *otherwise, expected)
            }
            ExprKind::ConfidentTernary { condition, then, otherwise } => {
                let branch = self.infer_ternary(*condition, *then, *otherwise, None);
                let condition = self.fact(*condition).confidence;
                branch.with(branch.confidence.product(condition).present())
            }
            ExprKind::Member { object, name, mode } => {
                self.infer_member(expr, *object, name, *mode)
            }
            ExprKind::Index { object, index, optional } => {
                self.infer_index(expr, *object, *index, *optional)
            }
            ExprKind::Call { callee, args, optional } => {
                self.infer_call(expr, *callee, args, *optional)
            }
            ExprKind::MethodCall { object, name, mode, args } => {
                self.infer_method_call(expr, *object, (name, *mode), args)
            }
            ExprKind::Perform { effect, args } => self.infer_perform(expr, effect, args),
            ExprKind::Lambda(lambda) => {
                let ty = self.infer_lambda(*lambda, expected);
                Fact::plain(ty)
            }
            ExprKind::Bind { local, value, body, keep_confidence } => {
                let value = self.infer_expr(*value);
                self.set_local(*local, value);
                let result = self.infer_expr(*body);
                if *keep_confidence { keep_confidence_of(result, value) } else { result }
            }
            ExprKind::Match { subject, arms } => self.infer_match(*subject, arms, expected),
            ExprKind::UncertainIf { condition, bands, branches } => {
                self.infer_uncertain_expr(*condition, bands, branches, expected)
            }
            ExprKind::Handle { body, clauses, return_clause } => {
                self.infer_handle(body, clauses, return_clause.as_ref())
            }
            ExprKind::Resume { value } => {
                if let Some(value) = value {
                    self.infer_expr(*value);
                }
                self.perform_unknown();
                Fact::ANY
            }
            ExprKind::Block(block) => self.infer_block(block),
            ExprKind::Await(operand) => self.infer_expr(*operand),
        }
    }

    fn infer_template(&mut self, parts: &[TemplatePart]) -> Fact {
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

    fn infer_array(&mut self, elements: &[Element], expected: Option<Fact>) -> Fact {
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

    fn infer_object(&mut self, fields: &[Field], expected: Option<Fact>) -> Fact {
        let mut object = ObjectType::default();
        for field in fields {
            match field {
                Field::Named { name, value } => {
                    let expected = expected.and_then(|fact| self.field_of(fact.ty, name));
                    let fact = self.infer_expected(*value, expected);
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

    pub(crate) fn infer_name(&mut self, name: &Name) -> Fact {
        match name {
            Name::Local(local) => self.local_fact(*local),
            Name::ModuleVar(text) => {
                let known = self.path_of_name(PathRoot::ModuleVar(text.clone()));
                known.unwrap_or_else(|| self.foreign_fact(name))
            }
            Name::ModuleFunction(_) | Name::Import { .. } | Name::Namespace { .. } => {
                self.foreign_fact(name)
            }
            Name::Builtin(text) => self.builtin_fact(text),
            Name::Host(text) => {
                self.path_of_name(PathRoot::Fixed(text.clone())).unwrap_or(Fact::ANY)
            }
            Name::Effect(_) => Fact::ANY,
            Name::Unresolved(_) => Fact::ERROR,
        }
    }

    fn path_of_name(&self, root: PathRoot) -> Option<Fact> {
        if self.env.has_paths() { self.env.path(&root, &[]) } else { None }
    }

    fn foreign_fact(&mut self, name: &Name) -> Fact {
        let Some(typed) = self.world.name(name) else { return Fact::ANY };
        let key = std::sync::Arc::as_ptr(&typed) as usize;
        if let Some((_, fact)) = self.imported.get(&key) {
            return *fact;
        }
        let fact = self.types.import_fact(&typed.types, typed.fact());
        // The map keeps the answer alive, so that its address stays its own.
        self.imported.insert(key, (typed, fact));
        fact
    }

    fn builtin_fact(&mut self, name: &Text) -> Fact {
        if let Some(fact) = self.builtins.get(name) {
            return *fact;
        }
        let fact = crate::builtins::global(&mut self.types, name);
        self.builtins.insert(name.clone(), fact);
        fact
    }

    fn infer_unary(&mut self, expr: ExprId, op: UnaryOp, operand: ExprId) -> Fact {
        let value = self.infer_expr(operand);
        match op {
            UnaryOp::Not => Fact::plain(match self.types.truthiness(value.ty) {
                Some(true) => TypeId::FALSE,
                Some(false) => TypeId::TRUE,
                None => TypeId::BOOLEAN,
            }),
            UnaryOp::Negate => {
                if self.is_never(value.ty, Kinds::NUMBER) {
                    self.report(expr, ProblemKind::BadOperand { op, ty: value.ty });
                    return Fact::ERROR;
                }
                let negated = self.types.as_number(value.ty).map(|number| -number);
                let ty = match negated {
                    Some(number) => self.types.number_literal(prism_hir::body::Bits::new(number)),
                    None => TypeId::NUMBER,
                };
                value.with(value.confidence).retyped(ty)
            }
            UnaryOp::Plus => value.retyped(TypeId::NUMBER),
            UnaryOp::Confidence => Fact::plain(TypeId::NUMBER),
            UnaryOp::Typeof => Fact::plain(TypeId::TEXT),
        }
    }

    fn infer_ternary(
        &mut self,
        condition: ExprId,
        then: ExprId,
        otherwise: ExprId,
        expected: Option<Fact>,
    ) -> Fact {
        self.infer_condition(condition);
        let mark = self.env.mark();
        self.narrow(condition, true);
        let then_is_live = self.env.reachable;
        let then_fact = self.infer_expected(then, expected);
        let then_branch = self.env.take(mark);
        self.narrow(condition, false);
        let otherwise_is_live = self.env.reachable;
        let otherwise_fact = self.infer_expected(otherwise, expected);
        let otherwise_branch = self.env.take(mark);
        self.env.join(&mut self.types, then_branch, otherwise_branch);
        match (then_is_live, otherwise_is_live) {
            (true, false) => then_fact,
            (false, true) => otherwise_fact,
            (true, true) | (false, false) => self.types.join(then_fact, otherwise_fact),
        }
    }

    /// `a && b && c` as one list, so that each operand is narrowed by those before it once.
    fn infer_logical_chain(&mut self, expr: ExprId, op: LogicalOp) -> Fact {
        let body = self.body;
        let mut nodes = Vec::new();
        let mut at = expr;
        while let ExprKind::Logical { op: this, left, right } = &body.exprs[at].kind
            && *this == op
        {
            nodes.push((at, *right));
            at = *left;
        }
        let mark = self.env.mark();
        let mut last = at;
        let mut fact = self.infer_expr(at);
        for (node, right) in nodes.into_iter().rev() {
            match op {
                LogicalOp::And => self.narrow(last, true),
                LogicalOp::Or => self.narrow(last, false),
                LogicalOp::Coalesce => {}
            }
            let is_live = self.env.reachable;
            let right_fact = self.infer_expr(right);
            fact = self.logical(op, fact, is_live.then_some(right_fact));
            self.record(node, fact);
            last = right;
        }
        let after = self.env.take(mark);
        let before = self.env.snapshot(mark);
        self.env.join(&mut self.types, before, after);
        fact
    }

    /// `right` is `None` when it is never evaluated.
    fn logical(&mut self, op: LogicalOp, left: Fact, right: Option<Fact>) -> Fact {
        let kept = match op {
            LogicalOp::And => self.types.falsy(left.ty),
            LogicalOp::Or => self.types.truthy(left.ty),
            LogicalOp::Coalesce => self.types.drop_kinds(left.ty, Kinds::NULL),
        };
        let right = right.unwrap_or(Fact::NEVER);
        if kept == TypeId::NEVER {
            // `null ~> 0.3 ?? b` may keep the left confidence.
            let confidence = if op == LogicalOp::Coalesce && !left.confidence.is_plain() {
                right.confidence.hull(right.confidence.min(left.confidence))
            } else {
                right.confidence
            };
            return right.with(confidence);
        }
        self.types.join(left.retyped(kept), right)
    }

    pub(crate) fn perform_unknown(&mut self) {
        self.frame().effects.calls_unknown = true;
        self.frame().effects.writes = true;
    }

    /// Reading `object.name` softly or optionally gives a plain null where there is nothing.
    pub(crate) fn is_soft(mode: MemberMode) -> bool {
        match mode {
            MemberMode::Plain | MemberMode::Confident => false,
            MemberMode::Optional | MemberMode::Soft => true,
        }
    }
}

/// `~|>`: a plain result takes the confidence of what went in.
fn keep_confidence_of(result: Fact, value: Fact) -> Fact {
    use crate::confidence::Presence;
    match result.confidence.presence {
        Presence::Confident => result,
        Presence::Plain => result.with(value.confidence),
        Presence::Unknown => result.with(Confidence {
            presence: Presence::Unknown,
            ..result.confidence.hull(value.confidence)
        }),
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
