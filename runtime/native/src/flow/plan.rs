//! What machine code does for one instruction, given what its registers hold.

use prism_bytecode::{FunctionId, Inst, Reg};
use prism_vm::tier::{FALSE, MISSING, NULL, TRUE};

use super::readers::{sure, wanted, wanted_from};
use super::{Around, Signature};
use crate::kinds::{Form, Kinds};
use crate::live::Live;
use crate::step::{Math, Regs, Step};

/// An operand that is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Src {
    Reg(u8),
    Number(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

/// What is computed from two numbers and their confidences, of which a plain one has 1. `x` is
/// the number of the result, but for the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confide {
    /// With another confidence, whatever it had.
    Annotate,
    /// With its own confidence times another one.
    Scale,
    /// With the product of both confidences.
    Product,
    /// With the confidence of `y` where `x` is plain.
    Inherit,
    /// `y` with the smaller confidence.
    Chain,
}

/// A comparison of numbers; false for NaN, but for `NotEqual`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessEq,
    Greater,
    GreaterEq,
    Equal,
    NotEqual,
}

/// What a plan adds to a register that it counts, at most: an integer that is no index takes
/// months to become one.
const MAX_COUNT: f64 = 127.0;

/// What a jump depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cond {
    Compare(Order, Src, Src),
    /// The confidence of a number is at least so much.
    Confident(u8, Src),
    Truthy(u8),
    Null(u8),
    Missing(u8),
    Known(bool),
}

/// What code does. Registers are those of the instruction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plan {
    /// The interpreter goes on here.
    GiveUp,
    Load {
        to: u8,
        bits: u64,
    },
    Move {
        to: u8,
        from: u8,
    },
    Copy {
        to: u8,
        from: u8,
    },
    Settle {
        reg: u8,
    },
    Arith {
        op: Arith,
        to: u8,
        x: Src,
        y: Src,
    },
    Negate {
        to: u8,
        from: u8,
    },
    Compare {
        to: u8,
        order: Order,
        x: Src,
        y: Src,
    },
    /// A number with a confidence, of two numbers.
    Confide {
        op: Confide,
        to: u8,
        x: u8,
        y: u8,
    },
    /// A number without its confidence.
    Value {
        to: u8,
        from: u8,
    },
    /// The confidence of a number.
    Confidence {
        to: u8,
        from: u8,
    },
    /// Whether a register is truthy, or the opposite.
    Truth {
        to: u8,
        from: u8,
        is_not: bool,
    },
    Math {
        to: u8,
        from: u8,
        math: Math,
    },
    Jump {
        target: u32,
    },
    /// Jumps when the condition holds, or with `is_not` when it does not.
    Test {
        cond: Cond,
        is_not: bool,
        target: u32,
    },
    /// Adds to a counter, then jumps on a comparison with a limit, or goes on.
    Count {
        reg: u8,
        step: f64,
        order: Order,
        limit: u8,
        target: u32,
        next: u32,
    },
    /// What a loop goes through, which is the array itself.
    Items {
        to: u8,
        from: u8,
    },
    /// The next element of an array, if there is one; it must be of these kinds.
    Each {
        to: u8,
        array: u8,
        kinds: Kinds,
        target: u32,
    },
    Length {
        to: u8,
        array: u8,
    },
    /// An element, which must be of these kinds.
    Element {
        to: u8,
        array: u8,
        at: Src,
        kinds: Kinds,
    },
    /// An element of an element, and the instruction after the two.
    Nested {
        to: u8,
        array: u8,
        at: Src,
        inner: Src,
        kinds: Kinds,
        next: u32,
    },
    /// A field of an object whose keys are of this shape; it must be of these kinds.
    Field {
        to: u8,
        object: u8,
        shape: u32,
        place: u32,
        kinds: Kinds,
    },
    SetElement {
        array: u8,
        at: Src,
        from: u8,
    },
    Push {
        array: u8,
        from: u8,
    },
    NewArray {
        to: u8,
        first: u8,
        count: u8,
    },
    GetGlobal {
        to: u8,
        global: u16,
    },
    SetGlobal {
        from: u8,
        global: u16,
    },
    Call {
        to: u8,
        first: u8,
        signature: Signature,
        returns: Kinds,
    },
    /// `None` for null.
    Return(Option<u8>),
}

/// What code does for a step.
pub(crate) fn plan(step: &Step, kinds: &[Kinds], live: &Live, around: &Around<'_>) -> Plan {
    let plan = raw(step, kinds, live, around);
    let is_sure = |src: &Src, needed: Kinds| match src {
        Src::Reg(reg) => !kinds[usize::from(*reg)].narrowed(needed).is_empty(),
        Src::Number(_) => true,
    };
    let fits = plan.needs().iter().all(|(src, needed)| is_sure(src, *needed));
    if fits { plan } else { Plan::GiveUp }
}

fn raw(step: &Step, kinds: &[Kinds], live: &Live, around: &Around<'_>) -> Plan {
    use Arith::{Add, Div, Mul, Rem, Sub};
    let load = |to: Reg, bits| Plan::Load { to: to.0, bits };
    let number = |to: Reg, number: f64| Plan::Load { to: to.0, bits: number.to_bits() };
    let reg = |reg: Reg| Src::Reg(reg.0);
    let small = |number: i8| Src::Number(f64::from(number));
    let arith = |op, to: Reg, x: Reg, y| Plan::Arith { op, to: to.0, x: Src::Reg(x.0), y };
    let confide = |op, to: Reg, x: Reg, y: Reg| Plan::Confide { op, to: to.0, x: x.0, y: y.0 };
    match step.inst {
        Inst::LoadNull(a) => load(a, NULL),
        Inst::LoadTrue(a) => load(a, TRUE),
        Inst::LoadFalse(a) => load(a, FALSE),
        Inst::LoadMissing(a) => load(a, MISSING),
        Inst::LoadInt(a, value) => number(a, f64::from(value)),
        Inst::LoadConst(a, id) => constant(a, usize::from(id), around),
        Inst::LoadConstWide(a) => constant(a, step.word as usize, around),
        Inst::Move(a, b) => Plan::Move { to: a.0, from: b.0 },
        Inst::Copy(a, b) => Plan::Copy { to: a.0, from: b.0 },
        Inst::Settle(a) => Plan::Settle { reg: a.0 },
        Inst::Add(a, b, c) => arith(Add, a, b, reg(c)),
        Inst::Sub(a, b, c) => arith(Sub, a, b, reg(c)),
        Inst::Mul(a, b, c) => arith(Mul, a, b, reg(c)),
        Inst::Div(a, b, c) => arith(Div, a, b, reg(c)),
        Inst::Rem(a, b, c) => arith(Rem, a, b, reg(c)),
        Inst::AddI(a, b, c) => arith(Add, a, b, small(c)),
        Inst::SubI(a, b, c) => arith(Sub, a, b, small(c)),
        Inst::MulI(a, b, c) => arith(Mul, a, b, small(c)),
        Inst::DivI(a, b, c) => arith(Div, a, b, small(c)),
        Inst::RemI(a, b, c) => arith(Rem, a, b, small(c)),
        Inst::AddK(a, b) => with_constant(Add, a, b, step, around),
        Inst::SubK(a, b) => with_constant(Sub, a, b, step, around),
        Inst::MulK(a, b) => with_constant(Mul, a, b, step, around),
        Inst::DivK(a, b) => with_constant(Div, a, b, step, around),
        Inst::RemK(a, b) => with_constant(Rem, a, b, step, around),
        Inst::Neg(a, b) => Plan::Negate { to: a.0, from: b.0 },
        Inst::Annotate(a, b, c) => confide(Confide::Annotate, a, b, c),
        Inst::Scale(a, b, c) => confide(Confide::Scale, a, b, c),
        Inst::Product(a, b, c) => confide(Confide::Product, a, b, c),
        Inst::Inherit(a, b, c) => confide(Confide::Inherit, a, b, c),
        Inst::Chain(a, b, c) => confide(Confide::Chain, a, b, c),
        Inst::ValueOf(a, b) => Plan::Value { to: a.0, from: b.0 },
        Inst::ConfidenceOf(a, b) => Plan::Confidence { to: a.0, from: b.0 },
        Inst::Items(a, b) => Plan::Items { to: a.0, from: b.0 },
        Inst::Not(a, b) => Plan::Truth { to: a.0, from: b.0, is_not: true },
        Inst::Truthy(a, b) => Plan::Truth { to: a.0, from: b.0, is_not: false },
        Inst::CallNative(a, b, _) => match step.math() {
            Some(math) => Plan::Math { to: a.0, from: b.0, math },
            None => Plan::GiveUp,
        },
        Inst::Length(a, b) => Plan::Length { to: a.0, array: b.0 },
        Inst::GetIndex(a, b, c) => element(step, a, b, reg(c), kinds, live, around),
        Inst::GetIndexI(a, b, at) => element(step, a, b, small(at), kinds, live, around),
        Inst::GetField(a, b) => field(step, a, b, kinds, live, around),
        Inst::SetIndex(a, b, c) if a != b && a != c && b != c => {
            Plan::SetElement { array: a.0, at: reg(b), from: c.0 }
        }
        Inst::ArrayPush(a, b) if a != b => Plan::Push { array: a.0, from: b.0 },
        Inst::NewArray(a, b, count) => Plan::NewArray { to: a.0, first: b.0, count },
        Inst::GetGlobal(a, id) => match Kinds::of((around.values.global)(usize::from(id))) {
            Kinds::NUMBER => Plan::GetGlobal { to: a.0, global: id },
            _ => Plan::GiveUp,
        },
        Inst::SetGlobal(a, id) => match kinds[usize::from(a.0)] {
            Kinds::NUMBER => Plan::SetGlobal { from: a.0, global: id },
            _ => Plan::GiveUp,
        },
        Inst::Call(a, b, count) => call(a, b, count, step, kinds, around),
        Inst::Return(a) => Plan::Return(Some(a.0)),
        Inst::ReturnNull() => Plan::Return(None),
        _ => compares(step).or_else(|| jumps(step, kinds, live, around)).unwrap_or(Plan::GiveUp),
    }
}

/// Comparisons whose result is a value.
fn compares(step: &Step) -> Option<Plan> {
    let (order, to, x, y) = match step.inst {
        Inst::Less(a, b, c) => (Order::Less, a, b, c),
        Inst::LessEq(a, b, c) => (Order::LessEq, a, b, c),
        Inst::Greater(a, b, c) => (Order::Greater, a, b, c),
        Inst::GreaterEq(a, b, c) => (Order::GreaterEq, a, b, c),
        Inst::Equal(a, b, c) | Inst::Same(a, b, c) => (Order::Equal, a, b, c),
        Inst::NotEqual(a, b, c) | Inst::NotSame(a, b, c) => (Order::NotEqual, a, b, c),
        _ => return None,
    };
    Some(Plan::Compare { to: to.0, order, x: Src::Reg(x.0), y: Src::Reg(y.0) })
}

fn jumps(step: &Step, kinds: &[Kinds], live: &Live, around: &Around<'_>) -> Option<Plan> {
    use Order::{Equal, Greater, GreaterEq, Less, LessEq, NotEqual};
    let target = step.target?;
    let r = |reg: Reg| Src::Reg(reg.0);
    let n = |number: i8| Src::Number(f64::from(number));
    let (cond, is_not) = match step.inst {
        Inst::Jump(_) => return Some(Plan::Jump { target }),
        Inst::JumpIf(a, _) => (Cond::Truthy(a.0), false),
        Inst::JumpUnless(a, _) => (Cond::Truthy(a.0), true),
        Inst::JumpNull(a, _) => (Cond::Null(a.0), false),
        Inst::JumpNotNull(a, _) => (Cond::Null(a.0), true),
        Inst::JumpGiven(a, _) => (Cond::Missing(a.0), true),
        Inst::JumpLess(a, b) => (Cond::Compare(Less, r(a), r(b)), false),
        Inst::JumpLessEq(a, b) => (Cond::Compare(LessEq, r(a), r(b)), false),
        Inst::JumpGreater(a, b) => (Cond::Compare(Greater, r(a), r(b)), false),
        Inst::JumpGreaterEq(a, b) => (Cond::Compare(GreaterEq, r(a), r(b)), false),
        Inst::JumpNotLess(a, b) => (Cond::Compare(Less, r(a), r(b)), true),
        Inst::JumpNotLessEq(a, b) => (Cond::Compare(LessEq, r(a), r(b)), true),
        Inst::JumpNotGreater(a, b) => (Cond::Compare(Greater, r(a), r(b)), true),
        Inst::JumpNotGreaterEq(a, b) => (Cond::Compare(GreaterEq, r(a), r(b)), true),
        Inst::JumpLessI(a, b) => (Cond::Compare(Less, r(a), n(b)), false),
        Inst::JumpLessEqI(a, b) => (Cond::Compare(LessEq, r(a), n(b)), false),
        Inst::JumpGreaterI(a, b) => (Cond::Compare(Greater, r(a), n(b)), false),
        Inst::JumpGreaterEqI(a, b) => (Cond::Compare(GreaterEq, r(a), n(b)), false),
        Inst::JumpNotLessI(a, b) => (Cond::Compare(Less, r(a), n(b)), true),
        Inst::JumpNotLessEqI(a, b) => (Cond::Compare(LessEq, r(a), n(b)), true),
        Inst::JumpNotGreaterI(a, b) => (Cond::Compare(Greater, r(a), n(b)), true),
        Inst::JumpNotGreaterEqI(a, b) => (Cond::Compare(GreaterEq, r(a), n(b)), true),
        Inst::JumpEqual(a, b) | Inst::JumpSame(a, b) => (Cond::Compare(Equal, r(a), r(b)), false),
        Inst::JumpNotEqual(a, b) | Inst::JumpNotSame(a, b) => {
            (Cond::Compare(NotEqual, r(a), r(b)), false)
        }
        Inst::JumpEqualI(a, b) | Inst::JumpSameI(a, b) => (Cond::Compare(Equal, r(a), n(b)), false),
        Inst::JumpNotEqualI(a, b) | Inst::JumpNotSameI(a, b) => {
            (Cond::Compare(NotEqual, r(a), n(b)), false)
        }
        Inst::JumpConfident(a, b) => (Cond::Confident(a.0, r(b)), false),
        Inst::JumpNotConfident(a, b) => (Cond::Confident(a.0, r(b)), true),
        Inst::JumpKind(a, kind) => (Cond::Known(is_kind(kinds[usize::from(a.0)], kind)?), false),
        Inst::JumpNotKind(a, kind) => (Cond::Known(is_kind(kinds[usize::from(a.0)], kind)?), true),
        Inst::ForLess(a, b, c) | Inst::ForLessEq(a, b, c) if a != b => {
            let order = if matches!(step.inst, Inst::ForLess(..)) { Less } else { LessEq };
            let next = behind_test(step, around);
            let step = f64::from(c);
            return Some(Plan::Count { reg: a.0, step, order, limit: b.0, target, next });
        }
        Inst::ForEach(a, b) if a.0 != b.0 && a.0 != b.0 + 1 => {
            let kinds = match kinds[usize::from(b.0)] {
                Kinds::SURES => sure(target, a.0, around),
                _ => match wanted_from(target, a.0, live, around) {
                    kinds @ (Kinds::NUMBER | Kinds::OBJECT | Kinds::ARRAYS) => kinds,
                    _ => Kinds::ANY,
                },
            };
            return Some(Plan::Each { to: a.0, array: b.0, kinds, target });
        }
        _ => return None,
    };
    Some(Plan::Test { cond, is_not, target })
}

/// Where code goes on when a counter has reached its limit: behind the test at the beginning of
/// the loop, which stands there and asks for the same.
fn behind_test(step: &Step, around: &Around<'_>) -> u32 {
    let test = Step::at(around.program, step.next);
    match (step.inst, test.inst) {
        (Inst::ForLess(a, b, _), Inst::JumpLess(c, d))
        | (Inst::ForLessEq(a, b, _), Inst::JumpLessEq(c, d))
            if (a, b) == (c, d) =>
        {
            test.next
        }
        _ => step.next,
    }
}

/// Whether a value of these kinds is of a kind of the language, where that is certain.
fn is_kind(kinds: Kinds, kind: u8) -> Option<bool> {
    let own = match kinds {
        Kinds::NUMBER => prism_bytecode::Kind::Number,
        Kinds::BOOL => prism_bytecode::Kind::Boolean,
        Kinds::NULL => prism_bytecode::Kind::Null,
        _ if matches!(kinds.form(), Form::Pair | Form::Boxed) => prism_bytecode::Kind::Number,
        Kinds::OBJECT => prism_bytecode::Kind::Object,
        _ if kinds.are_arrays() => prism_bytecode::Kind::Array,
        _ => return None,
    };
    Some(own as u8 == kind)
}

fn constant(to: Reg, id: usize, around: &Around<'_>) -> Plan {
    let bits = (around.values.constant)(id);
    match Kinds::of(bits) {
        Kinds::NUMBER => Plan::Load { to: to.0, bits },
        _ => Plan::GiveUp,
    }
}

fn with_constant(op: Arith, to: Reg, x: Reg, step: &Step, around: &Around<'_>) -> Plan {
    let bits = (around.values.constant)(step.word as usize);
    match Kinds::of(bits) {
        Kinds::NUMBER => {
            Plan::Arith { op, to: to.0, x: Src::Reg(x.0), y: Src::Number(f64::from_bits(bits)) }
        }
        _ => Plan::GiveUp,
    }
}

/// An element; two in a row where the first is only the way to the second.
fn element(
    step: &Step,
    to: Reg,
    array: Reg,
    at: Src,
    kinds: &[Kinds],
    live: &Live,
    around: &Around<'_>,
) -> Plan {
    let are_sure = kinds[usize::from(array.0)] == Kinds::SURES;
    let (to, array) = (to.0, array.0);
    if !around.heads.contains(&step.next) {
        let second = Step::at(around.program, step.next);
        let inner = match second.inst {
            Inst::GetIndex(a, b, c) if a.0 == to && b.0 == to && c.0 != to => Some(Src::Reg(c.0)),
            Inst::GetIndexI(a, b, c) if a.0 == to && b.0 == to => Some(Src::Number(f64::from(c))),
            _ => None,
        };
        if let Some(inner) = inner
            && at != Src::Reg(to)
        {
            let kinds = wanted(second.next, to, live, around);
            return Plan::Nested { to, array, at, inner, kinds, next: second.next };
        }
    }
    let kinds = match wanted(step.next, to, live, around) {
        Kinds::ARRAYS => Kinds::ARRAYS,
        _ if are_sure => sure(step.next, to, around),
        kinds => kinds,
    };
    Plan::Element { to, array, at, kinds }
}

/// A field where the interpreter has found the last one, or the length of an array.
fn field(
    step: &Step,
    to: Reg,
    source: Reg,
    kinds: &[Kinds],
    live: &Live,
    around: &Around<'_>,
) -> Plan {
    let (to, source) = (to.0, source.0);
    if kinds[usize::from(source)].are_arrays() {
        let key = &around.program.module().strings[step.word as usize];
        return match &**key {
            "length" => Plan::Length { to, array: source },
            _ => Plan::GiveUp,
        };
    }
    let Some(found) = (around.values.field)(step.pc as usize + 1) else { return Plan::GiveUp };
    let kinds = match wanted(step.next, to, live, around) {
        Kinds::NUMBER | Kinds::BOOL | Kinds::ANY if found.is_confident_number => {
            sure(step.next, to, around)
        }
        kinds => kinds,
    };
    Plan::Field { to, object: source, shape: found.shape, place: found.place, kinds }
}

/// A direct call that needs no fitting, of a function whose beginning is ours.
fn call(to: Reg, first: Reg, count: u8, step: &Step, kinds: &[Kinds], around: &Around<'_>) -> Plan {
    let id = FunctionId(step.word);
    let entry = around.program.functions()[id.index()];
    let function = &around.program.module().functions[id.index()];
    if entry.n_exact != count || !function.catches.is_empty() {
        return Plan::GiveUp;
    }
    let args = &kinds[usize::from(first.0)..usize::from(first.0) + usize::from(count)];
    let signature = (id, args.iter().map(|kinds| kinds.as_argument()).collect());
    let returns = around.returns.get(&signature).copied().unwrap_or(Kinds::NONE);
    Plan::Call { to: to.0, first: first.0, signature, returns }
}

impl Plan {
    /// Registers that must hold something of these kinds, else the code gives up.
    pub(crate) fn needs(&self) -> Vec<(Src, Kinds)> {
        use Kinds as K;
        match *self {
            Plan::Arith { x, y, .. } => vec![(x, K::NUMERIC), (y, K::NUMERIC)],
            Plan::Compare { x, y, .. } => vec![(x, K::NUMBER), (y, K::NUMBER)],
            Plan::Negate { from, .. } => vec![(Src::Reg(from), K::NUMERIC)],
            Plan::Confide { x, y, .. } => {
                vec![(Src::Reg(x), K::NUMERIC), (Src::Reg(y), K::NUMERIC)]
            }
            Plan::Value { from, .. } | Plan::Confidence { from, .. } => {
                vec![(Src::Reg(from), K::NUMERIC)]
            }
            Plan::Truth { from, .. } => vec![(Src::Reg(from), TRUTH)],
            Plan::Math { from, .. } => vec![(Src::Reg(from), K::NUMBER)],
            Plan::Test { cond, .. } => match cond {
                Cond::Compare(_, x, y) => vec![(x, K::NUMERIC), (y, K::NUMERIC)],
                Cond::Confident(reg, least) => {
                    vec![(Src::Reg(reg), K::NUMERIC), (least, K::NUMERIC)]
                }
                Cond::Truthy(reg) => vec![(Src::Reg(reg), TRUTH)],
                Cond::Null(_) | Cond::Missing(_) | Cond::Known(_) => Vec::new(),
            },
            Plan::Count { reg, limit, .. } => {
                vec![(Src::Reg(reg), K::NUMBER), (Src::Reg(limit), K::NUMERIC)]
            }
            Plan::Items { from, .. } => vec![(Src::Reg(from), K::ARRAYS)],
            Plan::Each { array, .. } => {
                vec![(Src::Reg(array), K::ARRAYS), (Src::Reg(array + 1), K::NUMBER)]
            }
            Plan::Field { object, .. } => vec![(Src::Reg(object), K::OBJECT)],
            Plan::Length { array, .. } => vec![(Src::Reg(array), K::ARRAYS)],
            Plan::Push { array, .. } => vec![(Src::Reg(array), K::ARRAYS)],
            Plan::Element { array, at, .. } | Plan::SetElement { array, at, .. } => {
                vec![(Src::Reg(array), K::ARRAYS), (at, K::NUMBER)]
            }
            Plan::Nested { array, at, inner, .. } => {
                vec![(Src::Reg(array), K::ARRAYS), (at, K::NUMBER), (inner, K::NUMBER)]
            }
            Plan::GiveUp
            | Plan::Load { .. }
            | Plan::Move { .. }
            | Plan::Copy { .. }
            | Plan::Settle { .. }
            | Plan::Jump { .. }
            | Plan::NewArray { .. }
            | Plan::GetGlobal { .. }
            | Plan::SetGlobal { .. }
            | Plan::Call { .. }
            | Plan::Return(_) => Vec::new(),
        }
    }

    /// The kinds after it. Whether the code goes on behind it.
    pub(crate) fn apply(&self, kinds: &mut [Kinds]) -> bool {
        for (src, needed) in self.needs() {
            if let Src::Reg(reg) = src {
                let reg = usize::from(reg);
                kinds[reg] = kinds[reg].narrowed(needed);
            }
        }
        let given = |kinds: &[Kinds], src: Src| match src {
            Src::Reg(reg) => kinds[usize::from(reg)],
            Src::Number(_) => Kinds::NUMBER,
        };
        let mut set = |reg: u8, to: Kinds| kinds[usize::from(reg)] = to;
        match *self {
            Plan::GiveUp | Plan::Return(_) => return false,
            Plan::Jump { .. } | Plan::Test { .. } | Plan::Each { .. } => {}
            Plan::Load { to, bits } => set(to, Kinds::of(bits)),
            Plan::Move { to, from } => {
                let moved = kinds[usize::from(from)];
                kinds[usize::from(from)] = Kinds::NULL;
                kinds[usize::from(to)] = moved;
            }
            Plan::Copy { to, from } | Plan::Items { to, from } => {
                kinds[usize::from(from)] = kinds[usize::from(from)].boxed();
                kinds[usize::from(to)] = kinds[usize::from(from)];
            }
            Plan::Negate { to, from } => {
                let negated = kinds[usize::from(from)].with_number(Kinds::NUMBER);
                kinds[usize::from(to)] = negated;
            }
            Plan::Settle { reg } => {
                let old = kinds[usize::from(reg)];
                if !old.both(Kinds::OTHER).is_empty() {
                    kinds[usize::from(reg)] = old.union(Kinds::NULL);
                }
            }
            Plan::Arith { to, x, y, .. } => {
                kinds[usize::from(to)] = given(kinds, x).with_number(given(kinds, y));
            }
            Plan::Confide { op, to, x: from, y } => {
                if op == Confide::Inherit {
                    kinds[usize::from(from)] = kinds[usize::from(from)].boxed();
                }
                let (x, y) = (kinds[usize::from(from)], kinds[usize::from(y)]);
                kinds[usize::from(to)] = match op {
                    // Of a confident `x` it is the same box.
                    Confide::Inherit if x.may_be_confident() => x.with_number(y).boxed(),
                    Confide::Inherit => x.with_number(y),
                    Confide::Annotate | Confide::Scale | Confide::Product | Confide::Chain => {
                        Kinds::CONFIDENT
                    }
                };
            }
            Plan::Value { to, .. }
            | Plan::Confidence { to, .. }
            | Plan::Length { to, .. }
            | Plan::GetGlobal { to, .. } => set(to, Kinds::NUMBER),
            Plan::Compare { to, .. } | Plan::Truth { to, .. } => set(to, Kinds::BOOL),
            Plan::Math { to, from, .. } => {
                set(from, Kinds::NULL);
                set(to, Kinds::NUMBER);
            }
            Plan::Count { reg, .. } => set(reg, Kinds::NUMBER),
            Plan::Element { to, kinds, .. }
            | Plan::Nested { to, kinds, .. }
            | Plan::Field { to, kinds, .. } => set(to, kinds),
            Plan::SetElement { from, .. } | Plan::Push { from, .. } => set(from, Kinds::NULL),
            Plan::SetGlobal { from, .. } => set(from, Kinds::NULL),
            Plan::NewArray { to, first, count } => {
                (first..first + count).for_each(|reg| set(reg, Kinds::NULL));
                set(to, Kinds::ARRAY);
            }
            Plan::Call { to, first, ref signature, returns } => {
                (0..signature.1.len() as u8).for_each(|arg| set(first + arg, Kinds::NULL));
                set(to, returns);
                // Nothing is known to come back yet.
                return !returns.is_empty();
            }
        }
        true
    }

    /// The register that it counts, and by how much: a small integer but zero.
    pub(crate) fn counts(&self) -> Option<(u8, i64)> {
        match *self {
            Plan::Count { reg, step, .. } => Some((reg, added(Arith::Add, Src::Number(step))?)),
            Plan::Each { array, .. } => Some((array + 1, 1)),
            Plan::Arith { op, to, x, y } if x == Src::Reg(to) => Some((to, added(op, y)?)),
            _ => None,
        }
    }

    /// Whether doing it again gives the same: it writes nothing but registers without references.
    pub(crate) fn is_repeatable(&self, kinds: &[Kinds]) -> bool {
        let is_plain = |reg: u8| !kinds[usize::from(reg)].may_be_heap();
        match *self {
            Plan::Load { to, .. }
            | Plan::Move { to, .. }
            | Plan::Arith { to, .. }
            | Plan::Negate { to, .. }
            | Plan::Value { to, .. }
            | Plan::Confidence { to, .. }
            | Plan::Compare { to, .. }
            | Plan::Truth { to, .. }
            | Plan::Math { to, .. }
            | Plan::Length { to, .. }
            | Plan::GetGlobal { to, .. } => is_plain(to),
            // The other one may get a box.
            Plan::Copy { to, from: other }
            | Plan::Confide { op: Confide::Inherit, to, x: other, .. } => {
                is_plain(to) && is_plain(other) && !kinds[usize::from(other)].may_be_confident()
            }
            Plan::Confide { to, .. } => is_plain(to),
            Plan::Element { to, kinds, .. }
            | Plan::Nested { to, kinds, .. }
            | Plan::Field { to, kinds, .. } => is_plain(to) && !kinds.may_be_heap(),
            Plan::Settle { .. } => true,
            Plan::GiveUp
            | Plan::Jump { .. }
            | Plan::Test { .. }
            | Plan::Count { .. }
            | Plan::Items { .. }
            | Plan::Each { .. }
            | Plan::SetElement { .. }
            | Plan::Push { .. }
            | Plan::NewArray { .. }
            | Plan::SetGlobal { .. }
            | Plan::Call { .. }
            | Plan::Return(_) => false,
        }
    }

    /// Registers that hold something else afterwards. An array that changes in its place stays.
    pub(crate) fn written(&self, step: &Step) -> Regs {
        match *self {
            Plan::SetElement { from, .. } | Plan::Push { from, .. } => Regs::one(from),
            Plan::GiveUp => Regs::default(),
            _ => step.registers().1,
        }
    }

    /// Whether code always goes on behind it, or returns, and calls nothing.
    pub(crate) fn is_straight(&self) -> bool {
        match self {
            Plan::Load { .. }
            | Plan::Move { .. }
            | Plan::Copy { .. }
            | Plan::Settle { .. }
            | Plan::Arith { .. }
            | Plan::Negate { .. }
            | Plan::Confide { .. }
            | Plan::Value { .. }
            | Plan::Confidence { .. }
            | Plan::Compare { .. }
            | Plan::Truth { .. }
            | Plan::Math { .. }
            | Plan::Items { .. }
            | Plan::Length { .. }
            | Plan::Element { .. }
            | Plan::Nested { .. }
            | Plan::Field { .. }
            | Plan::SetElement { .. }
            | Plan::GetGlobal { .. }
            | Plan::SetGlobal { .. }
            | Plan::Return(_) => true,
            Plan::GiveUp
            | Plan::Jump { .. }
            | Plan::Test { .. }
            | Plan::Count { .. }
            | Plan::Each { .. }
            | Plan::Push { .. }
            | Plan::NewArray { .. }
            | Plan::Call { .. } => false,
        }
    }

    /// The kinds where it jumps to, from those after it.
    pub(crate) fn when_taken(&self, after: &[Kinds]) -> Vec<Kinds> {
        let mut kinds = after.to_vec();
        if let Plan::Each { to, kinds: found, .. } = *self {
            kinds[usize::from(to)] = found;
        }
        kinds
    }

    pub(crate) fn target(&self) -> Option<u32> {
        match *self {
            Plan::Test { cond: Cond::Known(holds), is_not, .. } if holds == is_not => None,
            Plan::Jump { target }
            | Plan::Test { target, .. }
            | Plan::Count { target, .. }
            | Plan::Each { target, .. } => Some(target),
            _ => None,
        }
    }

    /// The instruction that comes after it when it does not jump.
    pub(crate) fn next(&self, step: &Step) -> Option<u32> {
        match *self {
            Plan::GiveUp | Plan::Return(_) | Plan::Jump { .. } => None,
            Plan::Test { cond: Cond::Known(holds), is_not, .. } if holds != is_not => None,
            Plan::Nested { next, .. } | Plan::Count { next, .. } => Some(next),
            _ => Some(step.next),
        }
    }
}

/// What an operation adds to its first operand: a small integer but zero.
pub(crate) fn added(op: Arith, y: Src) -> Option<i64> {
    let Src::Number(y) = y else { return None };
    let by = match op {
        Arith::Add => y,
        Arith::Sub => -y,
        Arith::Mul | Arith::Div | Arith::Rem => return None,
    };
    let is_small = by.fract() == 0.0 && by != 0.0 && by.abs() <= MAX_COUNT;
    is_small.then_some(by as i64)
}

/// What code can tell the truth of.
pub(crate) const TRUTH: Kinds = Kinds::PLAIN.union(Kinds::NUMERIC);
