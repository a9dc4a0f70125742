//! Comparisons that can only come out one way: nothing is equal to what it never is.
//!
//! Silent where somebody may mean it: two constants (`MODE == "test"` of a `const MODE`), and
//! every question for null.

use prism_hir::body::BinaryOp;

use crate::errors::{ProblemKind, Site};
use crate::flow::Infer;
use crate::flow::report::nearest;
use crate::types::{Kinds, Text, Type, TypeId, Types};

/// Whether numbers, texts and booleans are converted before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Equality {
    Loose,
    Strict,
}

impl Infer<'_> {
    /// `left == right` and its like.
    pub(crate) fn check_equality(&mut self, at: Site, op: BinaryOp, left: TypeId, right: TypeId) {
        let (equality, holds) = match op {
            BinaryOp::Equal => (Equality::Loose, false),
            BinaryOp::NotEqual => (Equality::Loose, true),
            BinaryOp::Identical => (Equality::Strict, false),
            BinaryOp::NotIdentical => (Equality::Strict, true),
            _ => return,
        };
        self.check_compared(at, (equality, holds), left, right);
    }

    /// Reports two types of which no values are equal; `holds` is what the comparison gives then.
    pub(crate) fn check_compared(
        &mut self,
        at: Site,
        (equality, holds): (Equality, bool),
        left: TypeId,
        right: TypeId,
    ) {
        if !self.env.reachable || !never_equal(&self.types, equality, left, right) {
            return;
        }
        let nearest =
            self.nearest_literal(left, right).or_else(|| self.nearest_literal(right, left));
        self.report(at, ProblemKind::NeverEqual { left, right, holds, nearest });
    }

    /// The text among the members of a union that was probably meant.
    fn nearest_literal(&self, among: TypeId, wanted: TypeId) -> Option<Text> {
        let Type::TextLiteral(wanted) = self.types.structure(wanted) else { return None };
        let members = self.types.members(among);
        let texts = members.iter().filter_map(|member| match self.types.get(*member) {
            Type::TextLiteral(text) => Some(&**text),
            _ => None,
        });
        nearest(wanted, texts)
    }
}

fn never_equal(types: &Types, equality: Equality, left: TypeId, right: TypeId) -> bool {
    let is_asked = |id: TypeId| {
        let kinds = types.kinds(id);
        !id.is_unknown() && kinds != Kinds::NONE && !kinds.is_within(Kinds::NULL)
    };
    let (a, b) = (types.members(left), types.members(right));
    let is_constant = |members: &[TypeId]| matches!(members, [one] if types.is_literal(*one));
    if !is_asked(left) || !is_asked(right) || is_constant(&a) && is_constant(&b) {
        return false;
    }
    a.iter().all(|a| b.iter().all(|b| are_apart(types, equality, *a, *b)))
}

/// No value of the one is equal to a value of the other.
fn are_apart(types: &Types, equality: Equality, a: TypeId, b: TypeId) -> bool {
    let (of_a, of_b) = (types.kinds(a), types.kinds(b));
    if of_a.meets(Kinds::OTHER) || of_b.meets(Kinds::OTHER) {
        return false;
    }
    if of_a.meets(of_b) {
        return types.is_literal(a) && types.is_literal(b) && a != b;
    }
    // Null is equal to nothing else.
    if equality == Equality::Strict || of_a.or(of_b).meets(Kinds::NULL) {
        return true;
    }
    // A text is a number where it reads as one.
    let is_word = |id: TypeId| match types.structure(id) {
        Type::TextLiteral(text) => text.starts_with(|c: char| c.is_alphabetic() && c != 'I'),
        _ => false,
    };
    let is_number = |kinds: Kinds| kinds.is_within(Kinds::NUMBER.or(Kinds::BOOLEAN));
    is_word(a) && is_number(of_b) || is_word(b) && is_number(of_a)
}
