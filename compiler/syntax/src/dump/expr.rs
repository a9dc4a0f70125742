//! Expressions.

use super::Dump;
use crate::ast::{
    BlockId, Body, Element, ExprId, ExprKind, Field, FieldKey, FunctionId, FunctionStyle,
    HandlerClause, HandlerHead, List, MatchArm, Param, TemplatePart, UncertainId,
};

impl Dump<'_> {
    pub(super) fn expr(&mut self, id: ExprId) {
        let expr = self.ast[id];
        let label = self.label(expr.kind, expr.span);
        self.node(label, expr.span);
        self.inside(|d| d.expr_parts(expr.kind));
    }

    /// What tells the node from others of its kind.
    fn label(&self, kind: ExprKind, span: prism_span::Span) -> String {
        match kind {
            ExprKind::Error => "error".into(),
            ExprKind::Null => "null".into(),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Number => format!("number {}", self.slice(span)),
            ExprKind::Text(_) => format!("string {}", self.slice(span)),
            ExprKind::Template { quote, .. } => format!("template {}", quote.as_str()),
            ExprKind::Name => format!("name {}", self.slice(span)),
            ExprKind::Placeholder => "placeholder".into(),
            ExprKind::Paren(_) => "paren".into(),
            ExprKind::Array(_) => "array".into(),
            ExprKind::Object(_) => "object".into(),
            ExprKind::Function(_) => "function".into(),
            ExprKind::Unary { op, .. } => format!("unary {op:?}"),
            ExprKind::Binary { op, .. } => format!("binary {op:?}"),
            ExprKind::Leveled { level, .. } => format!("level {}", level.word()),
            ExprKind::Ternary { confident: false, .. } => "ternary".into(),
            ExprKind::Ternary { confident: true, .. } => "confident ternary".into(),
            ExprKind::Member { name, access, .. } => {
                format!("member {access:?} {}", self.name(name))
            }
            ExprKind::Index { optional: false, .. } => "index".into(),
            ExprKind::Index { optional: true, .. } => "optional index".into(),
            ExprKind::Call { optional: false, .. } => "call".into(),
            ExprKind::Call { optional: true, .. } => "optional call".into(),
            ExprKind::Match { .. } => "match".into(),
            ExprKind::UncertainIf(_) => "uncertain if".into(),
            ExprKind::Handle { .. } => "handle".into(),
        }
    }

    fn expr_parts(&mut self, kind: ExprKind) {
        let ast = self.ast;
        match kind {
            ExprKind::Error
            | ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number
            | ExprKind::Text(_)
            | ExprKind::Name
            | ExprKind::Placeholder => {}
            ExprKind::Template { parts, .. } => {
                for part in &ast[parts] {
                    match part {
                        TemplatePart::Text(span) => {
                            self.line(format!("text {:?}", self.slice(*span)))
                        }
                        TemplatePart::Expr(id) => self.expr(*id),
                    }
                }
            }
            ExprKind::Paren(id)
            | ExprKind::Unary { operand: id, .. }
            | ExprKind::Leveled { confidence: id, .. } => self.expr(id),
            ExprKind::Array(elements) => self.elements(elements),
            ExprKind::Object(fields) => self.fields(fields),
            ExprKind::Function(id) => self.function(id),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Ternary { condition, then, otherwise, .. } => {
                self.expr(condition);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprKind::Member { object, .. } => self.expr(object),
            ExprKind::Index { object, index, .. } => {
                self.expr(object);
                self.expr(index);
            }
            ExprKind::Call { callee, args, .. } => {
                self.expr(callee);
                for arg in &ast[args] {
                    match (arg.name, arg.is_spread) {
                        (Some(name), _) => {
                            let label = format!("arg {}", self.name(name));
                            self.part(&label, |d| d.expr(arg.value));
                        }
                        (None, true) => self.part("spread", |d| d.expr(arg.value)),
                        (None, false) => self.expr(arg.value),
                    }
                }
            }
            ExprKind::Match { subject, arms } => {
                self.expr(subject);
                self.arms(arms);
            }
            ExprKind::UncertainIf(id) => self.uncertain(id),
            ExprKind::Handle { body, clauses } => {
                self.block(body);
                self.clauses(clauses);
            }
        }
    }

    fn elements(&mut self, elements: List<Element>) {
        let ast = self.ast;
        for element in &ast[elements] {
            if element.is_spread {
                self.part("spread", |d| d.expr(element.value));
            } else {
                self.expr(element.value);
            }
        }
    }

    pub(super) fn fields(&mut self, fields: List<Field>) {
        let ast = self.ast;
        for field in &ast[fields] {
            match *field {
                Field::Named { key, value, .. } => {
                    self.field_key(key);
                    self.inside(|d| d.expr(value));
                }
                Field::Shorthand { name, .. } => self.line(format!("field {}", self.name(name))),
                Field::Spread { value, .. } => self.part("spread", |d| d.expr(value)),
            }
        }
    }

    pub(super) fn field_key(&mut self, key: FieldKey) {
        match key {
            FieldKey::Name(name) => self.line(format!("key {}", self.name(name))),
            FieldKey::Text(text) => self.line(format!("key {}", self.slice(text.span))),
            FieldKey::Number(span) => self.line(format!("key {}", self.slice(span))),
            FieldKey::Computed(id) => self.part("computed key", |d| d.expr(id)),
        }
    }

    pub(super) fn function(&mut self, id: FunctionId) {
        let function = self.ast[id];
        let style = match function.style {
            FunctionStyle::Keyword => "",
            FunctionStyle::Arrow => "arrow",
            FunctionStyle::Method => "method",
        };
        let name = function.name.map_or(String::new(), |name| format!(" {}", self.name(name)));
        let is_async = if function.is_async { " async" } else { "" };
        let head = format!("{style}{is_async}{name}");
        if !head.is_empty() {
            self.line(head.trim_start());
        }
        if !function.type_params.is_empty() {
            self.line(format!("type params {}", self.names(&self.ast[function.type_params])));
        }
        self.params(function.params);
        if let Some(result) = function.result {
            self.part("result", |d| d.ty(result));
        }
        if let Some(uses) = function.uses {
            self.line(format!("uses {}", self.names(&self.ast[uses.names])));
        }
        if let Some(confidence) = function.confidence {
            self.part("confidence", |d| d.expr(confidence));
        }
        self.body(function.body);
    }

    pub(super) fn params(&mut self, params: List<Param>) {
        let ast = self.ast;
        for param in &ast[params] {
            self.part(if param.is_rest { "rest param" } else { "param" }, |d| {
                d.pat(param.pat);
                if let Some(annotation) = param.annotation {
                    d.ty(annotation);
                }
                if let Some(default) = param.default {
                    d.part("default", |d| d.expr(default));
                }
            });
        }
    }

    pub(super) fn body(&mut self, body: Body) {
        match body {
            Body::Block(id) => self.block(id),
            Body::Expr(id) => self.part("=>", |d| d.expr(id)),
        }
    }

    pub(super) fn block(&mut self, id: BlockId) {
        let block = self.ast[id];
        let ast = self.ast;
        self.node(if block.is_braced { "block" } else { "body" }, block.span);
        self.inside(|d| {
            for stmt in &ast[block.stmts] {
                d.stmt(*stmt);
            }
        });
    }

    fn arms(&mut self, arms: List<MatchArm>) {
        let ast = self.ast;
        for arm in &ast[arms] {
            self.node("arm", arm.span);
            self.inside(|d| {
                d.pat(arm.pat);
                if let Some(guard) = arm.guard {
                    d.part("guard", |d| d.expr(guard));
                }
                d.body(arm.body);
            });
        }
    }

    fn clauses(&mut self, clauses: List<HandlerClause>) {
        let ast = self.ast;
        for clause in &ast[clauses] {
            let label = match clause.head {
                HandlerHead::Operation { effect, operation, .. } => {
                    let operation = operation.map(|name| format!(".{}", self.name(name)));
                    format!("clause {}{}", self.name(effect), operation.unwrap_or_default())
                }
                HandlerHead::Return { .. } => "clause return".into(),
            };
            self.node(label, clause.span);
            self.inside(|d| {
                match clause.head {
                    HandlerHead::Operation { params, .. } => d.params(params),
                    HandlerHead::Return { pat } => d.pat(pat),
                }
                d.body(clause.body);
            });
        }
    }

    pub(super) fn uncertain(&mut self, id: UncertainId) {
        let ast = self.ast;
        let uncertain = ast[id];
        self.expr(uncertain.condition);
        if let Some(bands) = uncertain.bands {
            self.part("bands", |d| d.expr(bands));
        }
        for branch in &ast[uncertain.branches] {
            self.line(format!("{:?}", branch.band).to_lowercase());
            self.inside(|d| d.body(branch.body));
        }
    }
}
