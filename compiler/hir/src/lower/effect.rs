//! Effects: operations that are performed, and operations as values.

use prism_diagnostics::nearest;
use prism_source::PRELUDE;
use prism_span::Span;
use prism_syntax::ast;
use serde_json::Value;

use super::{Cx, FrameKind};
use crate::body::{
    Arg, Bits, Block, Element, ExprId, ExprKind, Field, Function, LocalKind, Name, Param, PatKind,
    StmtKind, Text,
};
use crate::builtins;
use crate::problem::{NotAValue, ProblemKind};
use crate::tree::{EffectDef, OperationParam};

impl<'a> Cx<'a> {
    /// The full name of an operation of an effect; reports one that does not exist.
    pub(super) fn operation(&mut self, effect: &str, name: ast::Name) -> Option<Text> {
        let op = name.text(self.text);
        let own = self.effect_def(effect);
        let is_known = match own {
            Some(def) => def.operations.iter().any(|known| &*known.name == op),
            None => builtins::effect_op(effect, op).is_some(),
        };
        if is_known {
            return Some(format!("{effect}.{op}").into());
        }
        if !name.is_missing() {
            let known: Vec<&str> = match own {
                Some(def) => def.operations.iter().map(|op| &*op.name).collect(),
                None => built_in_operations(effect),
            };
            let nearest = nearest(op, known).map(Text::from);
            let kind = ProblemKind::NoMember { of: effect.into(), member: op.into(), nearest };
            self.report(name.span, kind);
        }
        None
    }

    fn effect_def(&self, effect: &str) -> Option<&'a EffectDef> {
        self.input.scope.effects.values().find(|def| &*def.name == effect)
    }

    /// The parameters of an operation, and how many are needed.
    pub(super) fn op_params(&self, op: &str) -> Option<(Vec<Text>, usize)> {
        if let Some((effect, name)) = op.split_once('.')
            && let Some(def) = self.effect_def(effect)
        {
            let op = def.operations.iter().find(|op| &*op.name == name)?;
            let least = op.params.iter().filter(|param| !param.optional && !param.is_rest).count();
            return Some((op.params.iter().map(|param| param.name.clone()).collect(), least));
        }
        let op = builtins::effect(op)?;
        Some((op.params.iter().map(|name| Text::from(*name)).collect(), usize::from(op.least)))
    }

    /// Performs an operation; named arguments find their places.
    pub(super) fn perform(&mut self, op: &str, args: Vec<Arg>, span: Span) -> ExprId {
        if args.iter().any(|arg| arg.is_spread) {
            self.report(span, ProblemKind::SpreadToEffect);
        }
        let mut args = if args.iter().any(|arg| arg.name.is_some()) {
            self.in_order(op, args, span)
        } else {
            args
        };
        self.pass_defaults(op, &mut args, span);
        let extractor = if op == "llm" { self.take_extractor(&args) } else { None };
        let asked = self.alloc(ExprKind::Perform { effect: op.into(), args: args.into() }, span);
        match extractor {
            Some(extractor) => self.call_prelude("host_extracted", &[asked, extractor], span),
            None if op == "stream_llm" => self.call_prelude("host_stream", &[asked], span),
            None => asked,
        }
    }

    /// The parameters that the program declares for an operation.
    pub(super) fn own_params(&self, op: &str) -> &'a [OperationParam] {
        let own = op.split_once('.').and_then(|(effect, name)| {
            let def = self.effect_def(effect)?;
            def.operations.iter().find(|op| &*op.name == name)
        });
        own.map_or(&[], |op| op.params.as_slice())
    }

    /// Arguments that were left out, as far as the declaration has values for them.
    fn pass_defaults(&mut self, op: &str, args: &mut Vec<Arg>, span: Span) {
        let left_out = self.own_params(op).get(args.len()..).unwrap_or_default();
        let is_complete = left_out.iter().all(|param| param.optional || param.is_rest);
        let Some(last) = left_out.iter().rposition(|param| param.default.is_some()) else { return };
        if !is_complete || args.iter().any(|arg| arg.is_spread) {
            return;
        }
        for param in &left_out[..=last] {
            let value = self.left_out(Some(param), span);
            args.push(Arg { name: None, value, is_spread: false });
        }
    }

    /// What stands for an argument that was left out.
    fn left_out(&mut self, param: Option<&OperationParam>, span: Span) -> ExprId {
        match param.and_then(|param| param.default.as_ref()) {
            Some(default) => self.literal(default, span),
            None => self.null(span),
        }
    }

    fn literal(&mut self, value: &Value, span: Span) -> ExprId {
        let kind = match value {
            Value::Null => ExprKind::Null,
            Value::Bool(value) => ExprKind::Bool(*value),
            Value::Number(value) => ExprKind::Number(Bits::new(value.as_f64().unwrap_or(f64::NAN))),
            Value::String(text) => ExprKind::Text(text.as_str().into()),
            Value::Array(items) => {
                let element = |item| Element::Expr(self.literal(item, span));
                ExprKind::Array(items.iter().map(element).collect())
            }
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| Field::Named {
                    name: name.as_str().into(),
                    value: self.literal(value, span),
                };
                ExprKind::Object(fields.iter().map(field).collect())
            }
        };
        self.alloc(kind, span)
    }

    /// `llm(prompt, { extractor: f })`: the function stays in the program, the other options go
    /// to the host.
    fn take_extractor(&mut self, args: &[Arg]) -> Option<ExprId> {
        let options = args.get(1)?.value;
        let ExprKind::Object(fields) = &mut self.body.exprs[options].kind else { return None };
        let at = fields.iter().position(|field| {
            matches!(field, Field::Named { name, .. }
                if matches!(&**name, "extractor" | "confidenceExtractor"))
        })?;
        let mut kept = std::mem::take(fields).into_vec();
        let taken = kept.remove(at);
        *fields = kept.into();
        match taken {
            Field::Named { value, .. } => Some(value),
            Field::Computed { .. } | Field::Spread(_) => None,
        }
    }

    /// A call of what the host's answers are wrapped with.
    fn call_prelude(&mut self, name: &str, args: &[ExprId], span: Span) -> ExprId {
        let name = Name::Import { module: PRELUDE.into(), name: name.into() };
        let callee = self.alloc(ExprKind::Name(name), span);
        let arg = |value: &ExprId| Arg { name: None, value: *value, is_spread: false };
        let args = args.iter().map(arg).collect();
        self.alloc(ExprKind::Call { callee, args, optional: false }, span)
    }

    fn in_order(&mut self, op: &str, args: Vec<Arg>, span: Span) -> Vec<Arg> {
        let Some((params, _)) = self.op_params(op) else { return args };
        let mut slots: Vec<Option<ExprId>> = Vec::new();
        let mut put = |at: usize, value| {
            if slots.len() <= at {
                slots.resize(at + 1, None);
            }
            slots[at] = Some(value);
        };
        let mut unknown = Vec::new();
        for (position, arg) in args.iter().enumerate() {
            let at = match &arg.name {
                None => Some(position),
                Some(name) => params.iter().position(|param| param == name),
            };
            match at {
                Some(at) => put(at, arg.value),
                None => unknown.extend(arg.name.clone()),
            }
        }
        for member in unknown {
            let nearest = nearest(&member, params.iter().map(|name| &**name)).map(Text::from);
            self.report(span, ProblemKind::NoMember { of: op.into(), member, nearest });
        }
        let own = self.own_params(op);
        let fill = |(at, slot): (usize, Option<ExprId>)| {
            let value = slot.unwrap_or_else(|| self.left_out(own.get(at), span));
            Arg { name: None, value, is_spread: false }
        };
        slots.into_iter().enumerate().map(fill).collect()
    }

    /// `xs.map(llm)`: a function that performs the operation. A namespace is no value.
    pub(super) fn effect_value(&mut self, text: &'a str, op: &str, span: Span) -> ExprId {
        let Some((params, least)) = self.op_params(op) else {
            self.report_not_a_value(text, NotAValue::Effect, span);
            return self.alloc(ExprKind::Error, span);
        };
        let n_params = least.max(usize::from(!params.is_empty()));
        let function = self.in_frame(FrameKind::Function, true, |cx| {
            cx.scoped(|cx| cx.performing(op, &params[..n_params.min(params.len())], span))
        });
        let function = self.body.functions.alloc(function);
        self.alloc(ExprKind::Lambda(function), span)
    }

    fn performing(&mut self, op: &str, names: &[Text], span: Span) -> Function {
        let mut params = Vec::new();
        let mut args = Vec::new();
        for name in names {
            let local = self.hidden("", span);
            let row = &mut self.body.locals[local];
            (row.name, row.kind) = (name.clone(), LocalKind::Param);
            let pat = self.alloc_pat(PatKind::Bind(local), None, span);
            params.push(Param { pat, default: None, is_rest: false, annotation: None });
            let value = self.alloc(ExprKind::Name(Name::Local(local)), span);
            args.push(Arg { name: None, value, is_spread: false });
        }
        let value = self.perform(op, args, span);
        let body = Block { stmts: [self.stmt_of(StmtKind::Expr(value), span)].into() };
        Function { name: Some(op.into()), params, body, is_arrow: true, ..Function::default() }
    }
}

pub(super) fn built_in_operations(effect: &str) -> Vec<&'static str> {
    let split = |op: &'static builtins::EffectOp| op.name.split_once('.');
    let of_effect = builtins::EFFECTS.iter().filter_map(split);
    of_effect.filter(|(first, _)| *first == effect).map(|(_, operation)| operation).collect()
}
