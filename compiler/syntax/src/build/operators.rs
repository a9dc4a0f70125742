//! Rows of operands and operators, and how tightly each operator binds.
//!
//! The grammar sees `a + b * c ~> d` as one row. The row keeps what is not decided yet on two
//! stacks and makes a node as soon as a looser operator follows:
//!
//! ```text
//! a + b * c   then ~>      (a + (b * c)) ~> …
//! ```

use prism_span::Span;

use super::{Builder, span};
use crate::ast::{BinaryOp, ExprId, ExprKind, Level};
use crate::errors::SyntaxErrorKind;

/// An infix operator and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Infix {
    pub op: BinaryOp,
    pub span: Span,
}

/// A row that is being read: where its operands and operators begin on the stacks, and how many
/// operands it has there.
///
/// Rows that an error swept away leave their entries behind; whoever goes on cuts them off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    operands: u32,
    infixes: u32,
    len: u32,
}

/// How tightly an operator binds; the ternary stands between 1 and 3.
const fn level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Pipe | BinaryOp::ConfidentPipe | BinaryOp::Threshold => 1,
        BinaryOp::Annotate | BinaryOp::Chain => 3,
        BinaryOp::Or | BinaryOp::ConfidentOr | BinaryOp::MoreConfident | BinaryOp::Escalate => 4,
        BinaryOp::Coalesce => 5,
        BinaryOp::ConfidentCoalesce => 6,
        BinaryOp::And | BinaryOp::ConfidentAnd => 7,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Identical
        | BinaryOp::NotIdentical
        | BinaryOp::ConfidentEqual
        | BinaryOp::ConfidentNotEqual => 8,
        BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::ConfidentLess
        | BinaryOp::ConfidentLessEqual
        | BinaryOp::ConfidentGreaterEqual
        | BinaryOp::Instanceof
        | BinaryOp::In => 9,
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::ConfidentAdd
        | BinaryOp::ConfidentSubtract => 10,
        BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::ConfidentMultiply
        | BinaryOp::ConfidentDivide => 11,
        BinaryOp::Power => 12,
    }
}

/// Only `**` groups to the right.
const fn goes_first(left: BinaryOp, right: BinaryOp) -> bool {
    level(left) > level(right) || (level(left) == level(right) && !matches!(right, BinaryOp::Power))
}

impl Builder<'_> {
    pub fn row(&mut self, operand: ExprId) -> Row {
        let row = Row {
            operands: self.operands.len() as u32,
            infixes: self.infixes.len() as u32,
            len: 1,
        };
        self.operands.push(operand);
        row
    }

    pub fn row_push(&mut self, row: Row, infix: Infix, operand: ExprId) -> Row {
        let mut row = self.decide(row, infix.op);
        self.infixes.push(infix);
        self.operands.push(operand);
        row.len += 1;
        row
    }

    /// `k verified`: a level belongs to the confidence before it, which stands behind `~>`.
    pub fn row_level(&mut self, row: Row, level: Level, word: Span) -> Row {
        self.operands.truncate((row.operands + row.len) as usize);
        self.infixes.truncate((row.infixes + row.len - 1) as usize);
        let is_annotation =
            row.len > 1 && self.infixes.last().is_some_and(|last| last.op == BinaryOp::Annotate);
        if !is_annotation {
            self.error(SyntaxErrorKind::MisplacedLevel, word);
            return row;
        }
        let confidence = self.operands.pop().expect("a row has an operand");
        let whole = self.ast[confidence].span.to(word);
        let leveled = self.expr(ExprKind::Leveled { confidence, level, word }, whole);
        self.operands.push(leveled);
        row
    }

    pub fn row_end(&mut self, row: Row) -> ExprId {
        let row = self.reduce_while(row, |_| true);
        let operand = self.operands[row.operands as usize];
        self.operands.truncate(row.operands as usize);
        operand
    }

    /// `row ? then : other`: the condition goes back to the last pipe.
    pub fn ternary(
        &mut self,
        row: Row,
        confident: bool,
        then: ExprId,
        otherwise: ExprId,
    ) -> ExprId {
        let row = self.reduce_while(row, |op| level(op) > 1);
        let at = (row.operands + row.len) as usize - 1;
        let condition = self.operands[at];
        let kind = ExprKind::Ternary { confident, condition, then, otherwise };
        let span = self.ast[condition].span.to(self.ast[otherwise].span);
        self.operands[at] = self.expr(kind, span);
        self.row_end(row)
    }

    /// Makes the nodes that an operator after the row decides.
    fn decide(&mut self, row: Row, op: BinaryOp) -> Row {
        self.reduce_while(row, |before| goes_first(before, op))
    }

    fn reduce_while(&mut self, mut row: Row, is_decided: impl Fn(BinaryOp) -> bool) -> Row {
        self.operands.truncate((row.operands + row.len) as usize);
        self.infixes.truncate((row.infixes + row.len - 1) as usize);
        while row.len > 1
            && let Some(infix) = self.infixes.pop_if(|infix| is_decided(infix.op))
        {
            let right = self.operands.pop().expect("a row has one operand more than operators");
            let left = self.operands.pop().expect("a row has one operand more than operators");
            let operand = self.binary(infix, left, right);
            self.operands.push(operand);
            row.len -= 1;
        }
        row
    }

    fn binary(&mut self, infix: Infix, left: ExprId, right: ExprId) -> ExprId {
        let Infix { op, span: op_span } = infix;
        let (before, after) = (self.ast[left], self.ast[right]);
        // `e ~> k * 2`: only one operand is meant to stand there.
        if op == BinaryOp::Annotate && matches!(after.kind, ExprKind::Binary { .. }) {
            self.error(SyntaxErrorKind::AnnotationOperand, after.span);
        }
        let whole = span(before.span.start, after.span.end);
        self.expr(ExprKind::Binary { op, op_span, left, right }, whole)
    }

    /// `&`, `|`, `^`, `<<`: reported, and read as `&&`.
    pub fn bit_operator(&mut self, span: Span) -> Infix {
        self.error(SyntaxErrorKind::BitOperator, span);
        Infix { op: BinaryOp::And, span }
    }
}
