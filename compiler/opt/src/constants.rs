//! What operations on constants give: exactly what the machine computes, and nothing where the
//! machine would throw.

use prism_ir::function::{Facts, Function, Ty, Value};
use prism_ir::op::{BinaryOp, ConfidenceOp, Const, OpKind, PatternOp, UnaryOp};

use la_arena::ArenaMap;

/// The longest text that folding makes.
const LONGEST: usize = 4096;

/// The constants of a function, by value.
#[derive(Debug, Default)]
pub(crate) struct Constants(ArenaMap<Value, Const>);

impl Constants {
    pub fn of(function: &Function) -> Constants {
        let mut constants = Constants::default();
        for (_, op) in function.ops.iter() {
            if let (OpKind::Const(constant), [result]) = (&op.kind, &*op.results) {
                constants.0.insert(*result, constant.clone());
            }
        }
        constants
    }

    pub fn get(&self, value: Value) -> Option<&Const> {
        self.0.get(value)
    }

    pub fn set(&mut self, value: Value, constant: Const) {
        self.0.insert(value, constant);
    }

    pub fn number(&self, value: Value) -> Option<f64> {
        match self.0.get(value)? {
            Const::Number(number) => Some(*number),
            Const::Null | Const::Bool(_) | Const::Text(_) => None,
        }
    }

    /// The constant that an operation gives.
    pub fn evaluate(&self, kind: &OpKind) -> Option<Const> {
        match kind {
            OpKind::Unary { op, operand } => unary(*op, self.get(*operand)?),
            OpKind::Binary { op, confident: false, left, right } => {
                binary(*op, self.get(*left)?, self.get(*right)?)
            }
            OpKind::Template(parts) => self.template(parts),
            OpKind::ConfidenceOf(value) => self.get(*value).map(|_| Const::Number(1.0)),
            OpKind::ValueOf(value) => self.get(*value).cloned(),
            OpKind::Confidence { op: ConfidenceOp::AtLeast, left, right } => {
                self.get(*left)?;
                self.limit(*right).map(|limit| Const::Bool(1.0 >= limit))
            }
            OpKind::Confidence { op: ConfidenceOp::Gate, left, right } => {
                let is_enough = 1.0 >= self.limit(*right)?;
                Some(Const::Bool(truthy(self.get(*left)?) && is_enough))
            }
            OpKind::Pattern { op: PatternOp::IsNull, value } => {
                Some(Const::Bool(*self.get(*value)? == Const::Null))
            }
            OpKind::Pattern { op: PatternOp::IsConst(expected), value } => {
                Some(Const::Bool(same(self.get(*value)?, expected)))
            }
            OpKind::IsAbsent(value) => self.get(*value).map(|_| Const::Bool(false)),
            _ => None,
        }
    }

    /// A threshold that the machine accepts.
    pub fn limit(&self, value: Value) -> Option<f64> {
        self.number(value).filter(|limit| !limit.is_nan())
    }

    fn template(&self, parts: &[Value]) -> Option<Const> {
        let mut text = String::new();
        for part in parts {
            match self.get(*part)? {
                Const::Text(part) => text.push_str(part),
                Const::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
                Const::Null => text.push_str("null"),
                Const::Number(_) => return None,
            }
        }
        (text.len() <= LONGEST).then(|| Const::Text(text.into()))
    }
}

pub(crate) fn truthy(constant: &Const) -> bool {
    match constant {
        Const::Null => false,
        Const::Bool(flag) => *flag,
        Const::Number(number) => *number != 0.0,
        Const::Text(text) => !text.is_empty(),
    }
}

pub(crate) fn facts(constant: &Const) -> Facts {
    Facts::plain(match constant {
        Const::Null => Ty::Null,
        Const::Bool(_) => Ty::Boolean,
        Const::Number(_) => Ty::Number,
        Const::Text(_) => Ty::Text,
    })
}

/// The constant as it is printed in equations.
pub(crate) fn shown(constant: &Const) -> String {
    match constant {
        Const::Null => "null".to_owned(),
        Const::Bool(flag) => flag.to_string(),
        Const::Number(number) => format!("{number}"),
        Const::Text(text) => format!("{text:?}"),
    }
}

fn unary(op: UnaryOp, operand: &Const) -> Option<Const> {
    Some(match (op, operand) {
        (UnaryOp::Not, operand) => Const::Bool(!truthy(operand)),
        (UnaryOp::Negate, Const::Number(number)) => Const::Number(-number),
        (UnaryOp::Plus, Const::Number(number)) => Const::Number(*number),
        (UnaryOp::Plus, Const::Bool(flag)) => Const::Number(f64::from(u8::from(*flag))),
        (UnaryOp::Plus, Const::Null) => Const::Number(0.0),
        (UnaryOp::Typeof, operand) => Const::Text(type_name(operand).into()),
        (UnaryOp::Await, operand) => operand.clone(),
        (UnaryOp::Negate, Const::Null | Const::Bool(_) | Const::Text(_))
        | (UnaryOp::Plus, Const::Text(_)) => return None,
    })
}

fn type_name(constant: &Const) -> &'static str {
    match constant {
        Const::Null => "null",
        Const::Bool(_) => "boolean",
        Const::Number(_) => "number",
        Const::Text(_) => "string",
    }
}

fn binary(op: BinaryOp, left: &Const, right: &Const) -> Option<Const> {
    match op {
        BinaryOp::Identical => return Some(Const::Bool(same(left, right))),
        BinaryOp::NotIdentical => return Some(Const::Bool(!same(left, right))),
        BinaryOp::Equal => return equal(left, right).map(Const::Bool),
        BinaryOp::NotEqual => return equal(left, right).map(|equal| Const::Bool(!equal)),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::Power
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::Instanceof
        | BinaryOp::In => {}
    }
    match (left, right) {
        (Const::Number(left), Const::Number(right)) => numbers(op, *left, *right),
        (Const::Text(left), Const::Text(right)) => texts(op, left, right),
        _ => None,
    }
}

fn numbers(op: BinaryOp, left: f64, right: f64) -> Option<Const> {
    let number = match op {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide if right != 0.0 => left / right,
        BinaryOp::Remainder if right != 0.0 => remainder(left, right),
        BinaryOp::Less => return Some(Const::Bool(left < right)),
        BinaryOp::LessEqual => return Some(Const::Bool(left <= right)),
        BinaryOp::Greater => return Some(Const::Bool(left > right)),
        BinaryOp::GreaterEqual => return Some(Const::Bool(left >= right)),
        // Division by zero throws; a power is the machine's own function.
        BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::Power
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Identical
        | BinaryOp::NotIdentical
        | BinaryOp::Instanceof
        | BinaryOp::In => return None,
    };
    Some(Const::Number(number))
}

/// Like the machine: of two whole numbers the remainder is never negative zero.
fn remainder(left: f64, right: f64) -> f64 {
    let (a, b) = (left as i64, right as i64);
    let are_whole = a as f64 == left && b as f64 == right && a >= 0 && b > 0;
    if are_whole { (a % b) as f64 } else { left % right }
}

fn texts(op: BinaryOp, left: &str, right: &str) -> Option<Const> {
    let order = || left.encode_utf16().cmp(right.encode_utf16());
    Some(match op {
        BinaryOp::Add if left.len() + right.len() <= LONGEST => {
            Const::Text([left, right].concat().into())
        }
        BinaryOp::Less => Const::Bool(order().is_lt()),
        BinaryOp::LessEqual => Const::Bool(order().is_le()),
        BinaryOp::Greater => Const::Bool(order().is_gt()),
        BinaryOp::GreaterEqual => Const::Bool(order().is_ge()),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::Power
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Identical
        | BinaryOp::NotIdentical
        | BinaryOp::Instanceof
        | BinaryOp::In => return None,
    })
}

/// `===`.
fn same(left: &Const, right: &Const) -> bool {
    match (left, right) {
        (Const::Null, Const::Null) => true,
        (Const::Bool(left), Const::Bool(right)) => left == right,
        (Const::Number(left), Const::Number(right)) => left == right,
        (Const::Text(left), Const::Text(right)) => left == right,
        (Const::Null | Const::Bool(_) | Const::Number(_) | Const::Text(_), _) => false,
    }
}

/// `==` where it does not convert.
fn equal(left: &Const, right: &Const) -> Option<bool> {
    let is_null = |constant: &Const| *constant == Const::Null;
    if is_null(left) || is_null(right) {
        return Some(is_null(left) && is_null(right));
    }
    (type_name(left) == type_name(right)).then(|| same(left, right))
}
