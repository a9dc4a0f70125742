//! Plain operators, with and without a tilde.

use prism_hir::body::{BinaryOp, ExprId, ExprKind};

use crate::errors::ProblemKind;
use crate::flow::Infer;
use crate::flow::report::nearest;
use crate::types::{Fact, Kinds, Type, TypeId};

/// The names that `instanceof` knows, in lower case.
const TYPE_NAMES: &[&str] =
    &["number", "string", "boolean", "null", "array", "object", "function", "promise", "agent"];

impl Infer<'_> {
    /// `a + b + c + …` leans to the left: walked as a list, so that long sums are not deep.
    pub(crate) fn infer_binary_chain(&mut self, expr: ExprId) -> Fact {
        let body = self.body;
        let n_before = self.chain.len();
        let mut at = expr;
        while let ExprKind::Binary { left, .. } = &body.exprs[at].kind {
            self.chain.push(at);
            at = *left;
        }
        let mut left = at;
        let mut fact = self.infer_expr(at);
        while self.chain.len() > n_before
            && let Some(node) = self.chain.pop()
            && let ExprKind::Binary { op, confident, right, .. } = body.exprs[node].kind
        {
            let right_fact = self.infer_expr(right);
            fact = self.infer_binary(node, op, (left, fact), (right, right_fact));
            if confident {
                fact = fact.with(fact.confidence.present());
            }
            self.record(node, fact);
            left = node;
        }
        fact
    }

    fn infer_binary(
        &mut self,
        at: ExprId,
        op: BinaryOp,
        (left_expr, left): (ExprId, Fact),
        (right_expr, right): (ExprId, Fact),
    ) -> Fact {
        self.check_null_operands(op, [(left_expr, left), (right_expr, right)]);
        let ty = match op {
            BinaryOp::Add => self.infer_add(at, left.ty, right.ty),
            BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder
            | BinaryOp::Power => {
                self.check_division(op, right_expr, right.ty);
                self.infer_arithmetic(at, op, left.ty, right.ty)
            }
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                self.infer_comparison(at, op, left.ty, right.ty)
            }
            BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Identical | BinaryOp::NotIdentical => {
                self.check_equality(at.into(), op, left.ty, right.ty);
                TypeId::BOOLEAN
            }
            BinaryOp::Instanceof => {
                self.check_type_name(right_expr, right.ty);
                return Fact::plain(TypeId::BOOLEAN).capped(left.confidence.level);
            }
            BinaryOp::In => self.infer_in(at, left.ty, right.ty),
        };
        let label = self.label_of(&[left, right]);
        Fact { ty, confidence: left.confidence.min(right.confidence).capped(label) }
    }

    /// Numbers are added; a text on either side concatenates.
    fn infer_add(&mut self, at: ExprId, left: TypeId, right: TypeId) -> TypeId {
        let (a, b) = (self.types.kinds(left), self.types.kinds(right));
        if left == TypeId::NEVER || right == TypeId::NEVER {
            return TypeId::NEVER;
        }
        if !a.meets(Kinds::TEXT) && !b.meets(Kinds::TEXT) {
            return self.infer_arithmetic(at, BinaryOp::Add, left, right);
        }
        if a.is_within(Kinds::TEXT) || b.is_within(Kinds::TEXT) {
            return TypeId::TEXT;
        }
        if left.is_unknown() || right.is_unknown() {
            return TypeId::ANY;
        }
        self.types.declared_union(vec![TypeId::NUMBER, TypeId::TEXT])
    }

    fn infer_arithmetic(
        &mut self,
        at: ExprId,
        op: BinaryOp,
        left: TypeId,
        right: TypeId,
    ) -> TypeId {
        if self.is_never(left, Kinds::NUMBER) || self.is_never(right, Kinds::NUMBER) {
            return self.bad_operands(at, op, left, right);
        }
        TypeId::NUMBER
    }

    fn infer_comparison(
        &mut self,
        at: ExprId,
        op: BinaryOp,
        left: TypeId,
        right: TypeId,
    ) -> TypeId {
        let comparable = Kinds::NUMBER.or(Kinds::TEXT);
        let common = self.types.kinds(left).and(self.types.kinds(right)).and(comparable);
        let is_reached = left != TypeId::NEVER && right != TypeId::NEVER;
        if is_reached && common == Kinds::NONE {
            return self.bad_operands(at, op, left, right);
        }
        if left == TypeId::ERROR || right == TypeId::ERROR {
            return TypeId::ERROR;
        }
        TypeId::BOOLEAN
    }

    /// What the operator makes of operands that it cannot take. An operand that is a mistake was
    /// reported, and what is done with it may be part of that.
    fn bad_operands(&mut self, at: ExprId, op: BinaryOp, left: TypeId, right: TypeId) -> TypeId {
        if left != TypeId::ERROR && right != TypeId::ERROR {
            self.report(at, ProblemKind::BadOperands { op, left, right });
        }
        TypeId::ERROR
    }

    fn check_division(&mut self, op: BinaryOp, right_expr: ExprId, right: TypeId) {
        let is_remainder = op == BinaryOp::Remainder;
        let divides = is_remainder || op == BinaryOp::Divide;
        if divides && self.types.as_number(right) == Some(0.0) {
            self.report(right_expr, ProblemKind::DivisionByZero { is_remainder });
        }
    }

    fn check_type_name(&mut self, at: ExprId, ty: TypeId) {
        let Type::TextLiteral(name) = self.types.get(ty).clone() else { return };
        let lower = name.to_lowercase();
        if !TYPE_NAMES.contains(&&*lower) {
            let nearest = nearest(&lower, TYPE_NAMES.iter().copied());
            self.report(at, ProblemKind::UnknownTypeName { name, nearest });
        }
    }

    fn infer_in(&mut self, at: ExprId, left: TypeId, right: TypeId) -> TypeId {
        let never_holds = Kinds::NUMBER.or(Kinds::BOOLEAN).or(Kinds::NULL);
        if right != TypeId::NEVER && self.types.kinds(right).is_within(never_holds) {
            self.bad_operands(at, BinaryOp::In, left, right);
        }
        TypeId::BOOLEAN
    }

    /// A plain value that holds no confident ones either: what a built-in makes of it is plain.
    pub(crate) fn is_deeply_plain(&self, fact: Fact) -> bool {
        fact.confidence.is_plain() && self.types.holds_only_plain(fact.ty)
    }
}
