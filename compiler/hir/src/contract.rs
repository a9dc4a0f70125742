//! What the declaration of an agent promises: `input`, `output` and `minConfidence`, written as
//! literals in the words of `@input`.

use prism_span::Span;
use prism_syntax::ast::{Element, ExprId, ExprKind, Field, UnaryOp};
use prism_syntax::literal;
use serde_json::{Map, Number, Value};

use crate::body::{Bits, TypeRef};
use crate::described::described;
use crate::slice::Tree;
use crate::types;

/// What an agent promises of its answers, and asks of its input. What is no literal promises
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contract {
    pub input: Option<TypeRef>,
    pub output: Option<TypeRef>,
    /// Answers are at least this sure.
    pub least: Option<Bits>,
}

/// The contract that the fields of a declaration hold, and where `minConfidence` stands.
pub(crate) fn contract(tree: &Tree, fields: &[Field]) -> (Contract, Option<Span>) {
    let mut contract = Contract::default();
    let mut least = None;
    for field in fields {
        let Field::Named { key, value, .. } = field else { continue };
        let described = || literal(tree, *value).map(|value| described(&prism_input::read(&value)));
        match types::key(tree, *key).as_deref() {
            Some("input") => contract.input = described(),
            Some("output") => contract.output = described(),
            Some("minConfidence") => {
                let number = literal(tree, *value).and_then(|value| value.as_f64());
                contract.least = number.map(Bits::new);
                least = number.map(|_| tree.ast[*value].span);
            }
            _ => {}
        }
    }
    (contract, least)
}

/// A literal as JSON.
pub(crate) fn literal(tree: &Tree, expr: ExprId) -> Option<Value> {
    let expr = &tree.ast[expr];
    let text = expr.span.slice(&tree.text);
    match &expr.kind {
        ExprKind::Null => Some(Value::Null),
        ExprKind::Bool(value) => Some(Value::Bool(*value)),
        ExprKind::Number => Number::from_f64(literal::number(text)).map(Value::Number),
        ExprKind::Unary { op: UnaryOp::Negate, operand } => {
            let number = literal(tree, *operand)?.as_f64()?;
            Number::from_f64(-number).map(Value::Number)
        }
        ExprKind::Text(_) => Some(Value::String(literal::string(text).into_owned())),
        ExprKind::Array(elements) => {
            let element = |element: &Element| {
                if element.is_spread { None } else { literal(tree, element.value) }
            };
            tree.ast[*elements].iter().map(element).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        ExprKind::Object(fields) => {
            let field = |field: &Field| match field {
                Field::Named { key, value, .. } => {
                    Some((types::key(tree, *key)?.to_string(), literal(tree, *value)?))
                }
                Field::Shorthand { .. } | Field::Spread { .. } => None,
            };
            tree.ast[*fields].iter().map(field).collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        _ => None,
    }
}
