//! Conditions, and what is known behind them.

use prism_hir::body::{
    Arg, BinaryOp, ConfidentLogicalOp, ExprId, ExprKind, LogicalOp, Name, UnaryOp,
};

use crate::confidence::Confidence;
use crate::flow::env::Branch;
use crate::flow::{Infer, MAX_NESTING};
use crate::types::{Fact, Kinds, ObjectType, Type, TypeId, Types};

/// `a || b || …` with more operands than this is not narrowed by its operands.
const MAX_ALTERNATIVES: usize = 6;

impl Infer<'_> {
    /// Infers a condition; gates in it are checked.
    pub(crate) fn infer_condition(&mut self, condition: ExprId) -> Fact {
        let fact = self.infer_expr(condition);
        self.check_comparison_gate(condition);
        fact
    }

    /// Continues where the condition was true, or where it was false. Makes the state
    /// unreachable when that cannot be.
    pub(crate) fn narrow(&mut self, condition: ExprId, holds: bool) {
        if self.types.truthiness(self.fact(condition).ty) == Some(!holds) {
            self.env.reachable = false;
            return;
        }
        let decides = self.types.whole(self.fact(condition));
        self.env.decide(decides, condition);
        if self.nesting >= MAX_NESTING {
            return;
        }
        self.nesting += 1;
        self.narrow_kind(condition, holds);
        self.nesting -= 1;
    }

    fn narrow_kind(&mut self, condition: ExprId, holds: bool) {
        let body = self.body;
        match &body.exprs[condition].kind {
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.narrow(*operand, !holds),
            ExprKind::Logical { op, .. } => self.narrow_logical(*op, condition, holds),
            ExprKind::ConfidentLogical { op: ConfidentLogicalOp::And, left, right } if holds => {
                self.narrow(*left, true);
                self.narrow(*right, true);
            }
            ExprKind::Binary { op, left, right, .. } => {
                self.narrow_binary(*op, *left, *right, holds);
            }
            ExprKind::Gate { value, confidence } if holds => {
                self.narrow(*value, true);
                if let Some(bound) = self.types.as_number(self.fact(*confidence).ty) {
                    self.narrow_confidence(*value, bound, true);
                }
            }
            ExprKind::MethodCall { object, name, args, .. } => {
                self.narrow_call(*object, name, args, holds);
            }
            _ => {
                self.narrow_truthiness(condition, holds);
                if let Some(asked) = self.condition_of(condition) {
                    self.narrow(asked, holds);
                }
            }
        }
    }

    /// `const ok = x != null`: a question whose answer was kept, about what has not changed since.
    fn condition_of(&self, condition: ExprId) -> Option<ExprId> {
        let ExprKind::Name(Name::Local(local)) = &self.body.exprs[condition].kind else {
            return None;
        };
        let asked = self.initialiser(*local)?;
        let is_question = match &self.body.exprs[asked].kind {
            ExprKind::Unary { op, .. } => *op == UnaryOp::Not,
            ExprKind::Binary { .. }
            | ExprKind::Logical { .. }
            | ExprKind::ConfidentLogical { .. }
            | ExprKind::MethodCall { .. } => true,
            _ => false,
        };
        (is_question && self.is_lasting(asked, 0)).then_some(asked)
    }

    /// The expression would give the same now as where it stands: nothing in it changes.
    fn is_lasting(&self, expr: ExprId, depth: u32) -> bool {
        if depth > MAX_NESTING {
            return false;
        }
        let lasts = |expr: &ExprId| self.is_lasting(*expr, depth + 1);
        match &self.body.exprs[expr].kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) => true,
            ExprKind::Name(Name::Local(local)) => !self.body.locals[*local].is_assigned,
            ExprKind::Name(Name::Builtin(_)) => true,
            ExprKind::Unary { operand, .. } => lasts(operand),
            ExprKind::Binary { left, right, .. }
            | ExprKind::Logical { left, right, .. }
            | ExprKind::ConfidentLogical { left, right, .. } => lasts(left) && lasts(right),
            ExprKind::Member { object, .. } => lasts(object),
            ExprKind::MethodCall { object, args, .. } => {
                lasts(object) && args.iter().all(|arg| lasts(&arg.value))
            }
            _ => false,
        }
    }

    fn narrow_truthiness(&mut self, condition: ExprId, holds: bool) {
        self.refine(condition, &mut |types, fact| {
            let ty = if holds { types.truthy(fact.ty) } else { types.falsy(fact.ty) };
            Some(fact.retyped(ty))
        });
        if holds {
            self.narrow_chain(condition);
        }
    }

    fn narrow_logical(&mut self, op: LogicalOp, condition: ExprId, holds: bool) {
        let operands = self.operands(op, condition);
        match (op, holds) {
            (LogicalOp::And, true) | (LogicalOp::Or, false) => {
                for operand in operands {
                    self.narrow(operand, holds);
                }
            }
            (LogicalOp::And, false) | (LogicalOp::Or, true) => {
                self.narrow_decided(&operands, holds);
            }
            (LogicalOp::Coalesce, _) => {}
        }
    }

    /// One of the operands decided, and those before it did not.
    fn narrow_decided(&mut self, operands: &[ExprId], holds: bool) {
        if operands.len() > MAX_ALTERNATIVES || self.n_alternatives >= 2 {
            return;
        }
        self.n_alternatives += 1;
        let mark = self.env.mark();
        let mut decided: Option<Branch> = None;
        for index in 0..operands.len() {
            for before in &operands[..index] {
                self.narrow(*before, !holds);
            }
            self.narrow(operands[index], holds);
            let branch = self.env.take(mark);
            decided = Some(match decided {
                Some(others) => self.env.join_branches(&mut self.types, others, branch),
                None => branch,
            });
        }
        if let Some(decided) = decided {
            self.env.apply(decided);
        }
        self.n_alternatives -= 1;
    }

    /// The operands of `a && b && c`, in order.
    fn operands(&self, op: LogicalOp, condition: ExprId) -> Vec<ExprId> {
        let mut operands = Vec::new();
        let mut at = condition;
        while let ExprKind::Logical { op: this, left, right } = &self.body.exprs[at].kind
            && *this == op
        {
            operands.push(*right);
            at = *left;
        }
        operands.push(at);
        operands.reverse();
        operands
    }

    fn narrow_binary(&mut self, op: BinaryOp, left: ExprId, right: ExprId, holds: bool) {
        match op {
            BinaryOp::Equal | BinaryOp::Identical => self.narrow_equality(left, right, holds),
            BinaryOp::NotEqual | BinaryOp::NotIdentical => {
                self.narrow_equality(left, right, !holds);
            }
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                if let Some(gate) = self.comparison_gate(op, left, right) {
                    self.narrow_by_comparison(gate, holds);
                }
            }
            BinaryOp::Instanceof => self.narrow_instanceof(left, right, holds),
            BinaryOp::In => self.narrow_in(left, right, holds),
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder
            | BinaryOp::Power => {}
        }
    }

    /// `<~ x >= 0.8` and its mirror images.
    fn comparison_gate(&self, op: BinaryOp, left: ExprId, right: ExprId) -> Option<ComparisonGate> {
        let (value, bound, op) = match self.confidence_operand(left) {
            Some(value) => (value, right, op),
            None => (self.confidence_operand(right)?, left, mirrored(op)),
        };
        let bound = self.types.as_number(self.fact(bound).ty)?;
        Some(ComparisonGate { value, bound, op })
    }

    fn narrow_by_comparison(&mut self, gate: ComparisonGate, holds: bool) {
        let ComparisonGate { value, bound, op } = gate;
        let is_above = matches!(op, BinaryOp::Greater | BinaryOp::GreaterEqual) == holds;
        // `> k` that does not hold and `<= k` that does leave k itself below.
        let is_closed = matches!(op, BinaryOp::Greater | BinaryOp::LessEqual);
        self.narrow_to(value, |confidence| match (is_above, is_closed) {
            (true, _) => confidence.at_or_above(bound),
            (false, true) => confidence.at_most(bound),
            (false, false) => confidence.below(bound),
        });
    }

    /// The value whose confidence the expression reads: `<~ x`, or a variable that holds it.
    fn confidence_operand(&self, expr: ExprId) -> Option<ExprId> {
        match &self.body.exprs[expr].kind {
            ExprKind::Unary { op: UnaryOp::Confidence, operand } => Some(*operand),
            ExprKind::Name(Name::Local(local)) => {
                let initialiser = self.initialiser(*local)?;
                match &self.body.exprs[initialiser].kind {
                    ExprKind::Unary { op: UnaryOp::Confidence, operand } => {
                        self.is_stable(*operand).then_some(*operand)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Reports `if (<~ x >= 0.8)` where the confidence of x is known to be above or below.
    fn check_comparison_gate(&mut self, condition: ExprId) {
        let ExprKind::Binary { op, left, right, .. } = self.body.exprs[condition].kind else {
            return;
        };
        let compares = matches!(
            op,
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual
        );
        if !compares {
            return;
        }
        if let Some(ComparisonGate { value, bound, op }) = self.comparison_gate(op, left, right) {
            let confidence = self.fact(value).confidence;
            let is_closed = matches!(op, BinaryOp::Greater | BinaryOp::LessEqual);
            // Where the bound itself counts as below, a value that has it decides nothing here.
            if !is_closed || (confidence.low != bound && confidence.high != bound) {
                self.check_gate(condition, confidence, bound);
            }
        }
    }

    /// Continues where the confidence of a value passed a bound, or did not.
    pub(crate) fn narrow_confidence(&mut self, value: ExprId, bound: f64, passed: bool) {
        self.narrow_to(value, |confidence| {
            if passed { confidence.at_or_above(bound) } else { confidence.below(bound) }
        });
    }

    /// Continues with what remains of the confidence of a value; nothing is reached where that is
    /// nothing.
    fn narrow_to(&mut self, value: ExprId, narrow: impl Fn(Confidence) -> Option<Confidence>) {
        if narrow(self.fact(value).confidence).is_none() {
            self.env.reachable = false;
            return;
        }
        self.refine(value, &mut |_, fact| Some(fact.with(narrow(fact.confidence)?)));
    }

    /// Continues where the two are equal, or where they are not.
    pub(crate) fn narrow_equality(&mut self, left: ExprId, right: ExprId, holds: bool) {
        for (side, other) in [(left, right), (right, left)] {
            let kinds = self.types.kinds(self.fact(other).ty);
            // Equal to what is not null, or different from null.
            let is_present = if holds { !kinds.meets(Kinds::NULL) } else { kinds == Kinds::NULL };
            if is_present {
                self.narrow_chain(side);
            }
        }
        for (place, other) in [(left, right), (right, left)] {
            if let Some(kinds) = self.typeof_test(place, other) {
                let ExprKind::Unary { operand, .. } = self.body.exprs[place].kind else { continue };
                return self.narrow_kinds(operand, kinds, holds);
            }
            let literal = self.fact(other).ty;
            if self.types.is_literal(literal) {
                return self.narrow_literal(place, literal, holds);
            }
        }
    }

    /// `typeof place == "number"`: the kinds that the text names.
    fn typeof_test(&self, place: ExprId, other: ExprId) -> Option<Kinds> {
        let ExprKind::Unary { op: UnaryOp::Typeof, .. } = self.body.exprs[place].kind else {
            return None;
        };
        let Type::TextLiteral(name) = self.types.get(self.fact(other).ty) else { return None };
        Some(Kinds::of_name(name).unwrap_or(Kinds::OTHER))
    }

    fn narrow_kinds(&mut self, place: ExprId, kinds: Kinds, holds: bool) {
        if holds && !kinds.meets(Kinds::NULL) {
            self.narrow_chain(place);
        }
        self.refine(place, &mut |types, fact| {
            let ty = if holds {
                types.keep_kinds(fact.ty, kinds)
            } else {
                types.drop_kinds(fact.ty, kinds)
            };
            Some(fact.retyped(ty))
        });
    }

    /// `==` converts between numbers, texts and booleans, so it rules out less than it seems:
    /// only null is equal to nothing else.
    fn narrow_literal(&mut self, place: ExprId, literal: TypeId, holds: bool) {
        self.refine(place, &mut |types, fact| {
            let ty = match (holds, literal) {
                (true, TypeId::NULL) => types.keep_kinds(fact.ty, Kinds::NULL),
                (true, _) => equal_or_convertible(types, fact.ty, literal),
                (false, _) => types.different_from(fact.ty, literal),
            };
            Some(fact.retyped(ty))
        });
    }

    fn narrow_instanceof(&mut self, left: ExprId, right: ExprId, holds: bool) {
        let Type::TextLiteral(name) = self.types.get(self.fact(right).ty) else { return };
        if let Some(kinds) = Kinds::of_name(&name.to_lowercase()) {
            self.narrow_kinds(left, kinds, holds);
        }
    }

    /// `"k" in o` keeps the members of a union that can have the key.
    fn narrow_in(&mut self, key: ExprId, object: ExprId, holds: bool) {
        let Type::TextLiteral(name) = self.types.get(self.fact(key).ty).clone() else { return };
        self.refine(object, &mut |types, fact| {
            let fact = if holds { fact.retyped(with_field(types, fact.ty, &name)) } else { fact };
            let members = types.members(fact.ty);
            let kept: Vec<TypeId> = members
                .iter()
                .copied()
                .filter(|member| match types.get(*member) {
                    Type::Object(object) => match object.field(&name) {
                        Some(field) => holds || field.is_optional,
                        None => !holds || object.is_open,
                    },
                    _ => true,
                })
                .collect();
            let all = kept.len() == members.len();
            Some(if all { fact } else { fact.retyped(types.union_of(kept)) })
        });
    }

    /// `Array.isArray(x)`.
    fn narrow_call(&mut self, object: ExprId, name: &str, args: &[Arg], holds: bool) {
        let ExprKind::Name(Name::Builtin(namespace)) = &self.body.exprs[object].kind else {
            return;
        };
        if &**namespace == "Array"
            && name == "isArray"
            && let [arg] = args
        {
            self.narrow_kinds(arg.value, Kinds::ARRAY, holds);
        }
    }
}

/// The part of a type whose values can be loosely equal to the literal.
fn equal_or_convertible(types: &mut Types, id: TypeId, literal: TypeId) -> TypeId {
    if id.is_unknown() {
        return id;
    }
    let mut kept = Vec::new();
    for member in types.members(id) {
        let same_kind = types.kinds(member) == types.kinds(literal);
        let equal = if same_kind { types.equal_to(member, literal) } else { member };
        if matches!(member, TypeId::NULL | TypeId::GAP) || equal == TypeId::NEVER {
            continue;
        }
        kept.push(equal);
    }
    types.declared_union(kept)
}

/// An object that has a field which it might have lacked.
fn with_field(types: &mut Types, id: TypeId, name: &str) -> TypeId {
    let Type::Object(object) = types.get(types.strip(id)) else { return id };
    if !object.field(name).is_some_and(|field| field.is_optional) {
        return id;
    }
    let mut object = ObjectType::clone(object);
    for field in object.fields.iter_mut().filter(|field| &*field.name == name) {
        field.is_optional = false;
    }
    types.object(object)
}

/// A comparison of the confidence of a value with a known bound: `<~ value op bound`.
struct ComparisonGate {
    value: ExprId,
    bound: f64,
    op: BinaryOp,
}

/// `k op x` as `x op k`.
const fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        other => other,
    }
}
