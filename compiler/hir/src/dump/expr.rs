//! Expressions as text.

use super::{Dump, quoted};
use crate::body::{
    Arg, BinaryOp, ConfidentLogicalOp, Element, ExprId, ExprKind, Field, LogicalOp, MemberMode,
    TemplatePart, UnaryOp,
};
use crate::numbers;

impl Dump<'_> {
    pub(super) fn expr(&self, id: ExprId) -> String {
        let pair = |word: &str, left: ExprId, right: ExprId| {
            format!("({} {word} {})", self.expr(left), self.expr(right))
        };
        match &self.body.exprs[id].kind {
            ExprKind::Error => "error".to_owned(),
            ExprKind::Null => "null".to_owned(),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Number(number) => numbers::text(number.value()),
            ExprKind::Text(text) => quoted(text),
            ExprKind::Template(parts) => self.template(parts),
            ExprKind::Array(elements) => {
                let element = |element: &Element| match element {
                    Element::Expr(value) => self.expr(*value),
                    Element::Spread(value) => format!("...{}", self.expr(*value)),
                };
                format!("[{}]", elements.iter().map(element).collect::<Vec<_>>().join(", "))
            }
            ExprKind::Object(fields) => {
                let fields = fields.iter().map(|field| self.field(field));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
            ExprKind::Name(name) => self.name(name),
            ExprKind::Unary { op, operand } => format!("({}{})", unary(*op), self.expr(*operand)),
            ExprKind::Binary { op, confident, left, right } => {
                let tilde = if *confident { "~" } else { "" };
                pair(&format!("{tilde}{}", binary(*op)), *left, *right)
            }
            ExprKind::Logical { op, left, right } => pair(logical(*op), *left, *right),
            ExprKind::ConfidentLogical { op, left, right } => {
                let op = match op {
                    ConfidentLogicalOp::And => "~&&",
                    ConfidentLogicalOp::Or => "~||",
                };
                pair(op, *left, *right)
            }
            ExprKind::Chain { left, right } => pair("~~", *left, *right),
            ExprKind::MoreConfident { left, right } => pair("~||>", *left, *right),
            ExprKind::ConfidentCoalesce { left, right } => pair("~??", *left, *right),
            ExprKind::Escalate { left, right } => pair("~@>", *left, *right),
            ExprKind::Threshold { value, threshold, default } => {
                let default = default.map(|default| format!(" else {}", self.expr(default)));
                let (value, threshold) = (self.expr(*value), self.expr(*threshold));
                format!("({value} ~?> {threshold}{})", default.unwrap_or_default())
            }
            ExprKind::Annotate { value, confidence, level: None } => {
                pair("~>", *value, *confidence)
            }
            ExprKind::Annotate { value, confidence, level: Some(level) } => {
                let (value, confidence) = (self.expr(*value), self.expr(*confidence));
                format!("({value} ~> {confidence} {})", level.word())
            }
            ExprKind::Gate { value, confidence } => pair("gate", *value, *confidence),
            ExprKind::Ternary { condition, then, otherwise } => {
                let (then, otherwise) = (self.expr(*then), self.expr(*otherwise));
                format!("({} ? {then} : {otherwise})", self.expr(*condition))
            }
            ExprKind::ConfidentTernary { condition, then, otherwise } => {
                let (then, otherwise) = (self.expr(*then), self.expr(*otherwise));
                format!("({} ~? {then} : {otherwise})", self.expr(*condition))
            }
            ExprKind::Await(value) => format!("(await {})", self.expr(*value)),
            ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Call { .. }
            | ExprKind::MethodCall { .. }
            | ExprKind::Perform { .. } => self.access(id),
            ExprKind::Lambda(_)
            | ExprKind::Bind { .. }
            | ExprKind::Match { .. }
            | ExprKind::UncertainIf { .. }
            | ExprKind::Handle { .. }
            | ExprKind::Resume { .. }
            | ExprKind::Block(_) => self.compound(id),
        }
    }

    /// Members and calls.
    fn access(&self, id: ExprId) -> String {
        match &self.body.exprs[id].kind {
            ExprKind::Member { object, name, mode } => {
                format!("{}{}{name}", self.expr(*object), dot(*mode))
            }
            ExprKind::Index { object, index, optional } => {
                let question = if *optional { "?." } else { "" };
                format!("{}{question}[{}]", self.expr(*object), self.expr(*index))
            }
            ExprKind::Call { callee, args, optional } => {
                let question = if *optional { "?." } else { "" };
                format!("{}{question}({})", self.expr(*callee), self.args(args))
            }
            ExprKind::MethodCall { object, name, mode, args } => {
                format!("{}{}{name}({})", self.expr(*object), dot(*mode), self.args(args))
            }
            ExprKind::Perform { effect, args } => format!("perform {effect}({})", self.args(args)),
            _ => String::new(),
        }
    }

    /// Expressions that hold blocks or functions.
    fn compound(&self, id: ExprId) -> String {
        match &self.body.exprs[id].kind {
            ExprKind::Lambda(function) => {
                let function = &self.body.functions[*function];
                let name = function.name.as_deref().unwrap_or("");
                let params = self.params(&function.params);
                let tail = self.tail(function);
                format!("fn {name}({params}){tail} {}", self.inline(&function.body))
            }
            ExprKind::Bind { local, value, body, keep_confidence } => {
                let word = if *keep_confidence { "~bind" } else { "bind" };
                let (value, body) = (self.expr(*value), self.expr(*body));
                format!("({word} {} = {value} in {body})", self.local(*local))
            }
            ExprKind::Match { subject, arms } => {
                let arms = arms.iter().map(|arm| {
                    let guard = arm.guard.map(|guard| format!(" if {}", self.expr(guard)));
                    let (pat, body) = (self.pat(arm.pat), self.expr(arm.body));
                    format!("{pat}{} => {body}", guard.unwrap_or_default())
                });
                let arms = arms.collect::<Vec<_>>().join(", ");
                format!("match {} {{ {arms} }}", self.expr(*subject))
            }
            ExprKind::UncertainIf { condition, bands, branches } => {
                let branch = |name: &str, value: Option<ExprId>| {
                    value.map(|value| format!(" {name} -> {}", self.expr(value)))
                };
                let all = [
                    branch("high", branches.high),
                    branch("medium", branches.medium),
                    branch("low", branches.low),
                    branch("default", branches.default),
                ];
                let all: String = all.into_iter().flatten().collect();
                format!("uncertain if {}{} {{{all} }}", self.expr(*condition), self.bands(bands))
            }
            ExprKind::Handle { body, clauses, return_clause } => {
                let mut parts = Vec::new();
                for clause in clauses {
                    let last = if clause.resumes_last { " last" } else { "" };
                    let (params, body) = (self.params(&clause.params), self.inline(&clause.body));
                    parts.push(format!("{}({params}){last} => {body}", clause.effect));
                }
                if let Some(clause) = return_clause {
                    let (pat, body) = (self.pat(clause.pat), self.inline(&clause.body));
                    parts.push(format!("return {pat} => {body}"));
                }
                format!("handle {} with {{ {} }}", self.inline(body), parts.join(", "))
            }
            ExprKind::Resume { value } => {
                format!("resume({})", value.map(|value| self.expr(value)).unwrap_or_default())
            }
            ExprKind::Block(block) => self.inline(block),
            _ => String::new(),
        }
    }

    fn template(&self, parts: &[TemplatePart]) -> String {
        let part = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => quoted(text),
            TemplatePart::Expr(value) => self.expr(*value),
        };
        format!("`{}`", parts.iter().map(part).collect::<Vec<_>>().join(" "))
    }

    fn field(&self, field: &Field) -> String {
        match field {
            Field::Named { name, value } => format!("{name}: {}", self.expr(*value)),
            Field::Computed { key, value } => {
                format!("[{}]: {}", self.expr(*key), self.expr(*value))
            }
            Field::Spread(value) => format!("...{}", self.expr(*value)),
        }
    }

    fn args(&self, args: &[Arg]) -> String {
        let arg = |arg: &Arg| {
            let name = arg.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            let spread = if arg.is_spread { "..." } else { "" };
            format!("{name}{spread}{}", self.expr(arg.value))
        };
        args.iter().map(arg).collect::<Vec<_>>().join(", ")
    }
}

fn dot(mode: MemberMode) -> &'static str {
    match mode {
        MemberMode::Plain => ".",
        MemberMode::Optional => "?.",
        MemberMode::Confident => "~.",
        MemberMode::Soft => ".?",
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "!",
        UnaryOp::Negate => "-",
        UnaryOp::Plus => "+",
        UnaryOp::Confidence => "<~ ",
        UnaryOp::Typeof => "typeof ",
    }
}

fn logical(op: LogicalOp) -> &'static str {
    match op {
        LogicalOp::And => "&&",
        LogicalOp::Or => "||",
        LogicalOp::Coalesce => "??",
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Remainder => "%",
        BinaryOp::Power => "**",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Identical => "===",
        BinaryOp::NotIdentical => "!==",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::Instanceof => "instanceof",
        BinaryOp::In => "in",
    }
}
