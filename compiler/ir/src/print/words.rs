//! The text of one operation, without its results and regions.

use crate::names::{BINARY, CONFIDENCE, MODES, UNARY, name_of};
use crate::op::{Args, Const, OpKind, PatternOp};

use super::Printer;
use crate::function::{Text, Value};

impl Printer<'_> {
    pub(super) fn kind(&self, kind: &OpKind) -> String {
        match kind {
            OpKind::Const(constant) => format!("const {}", const_text(constant)),
            OpKind::Unary { op, operand } => self.words(name_of(UNARY, op), &[*operand]),
            OpKind::Binary { op, confident, left, right } => {
                let tilde = if *confident { "~" } else { "" };
                self.words(&format!("{}{tilde}", name_of(BINARY, op)), &[*left, *right])
            }
            OpKind::Template(parts) => format!("template ({})", self.list(parts)),
            OpKind::Array(items) => format!("array ({})", self.list(items)),
            OpKind::ArrayPush { array, value } => self.words("push", &[*array, *value]),
            OpKind::ArraySpread { array, items } => self.words("spread", &[*array, *items]),
            OpKind::Object(fields) => format!("object {}", self.fields(fields)),
            OpKind::ObjectSet { object, name, value } => {
                format!("set {}, {}, {}", self.value(*object), quote(name), self.value(*value))
            }
            OpKind::ObjectSpread { object, fields } => {
                self.words("spread_fields", &[*object, *fields])
            }
            OpKind::IndexSet { container, index, value } => {
                self.words("set_index", &[*container, *index, *value])
            }
            OpKind::Update { container, path, value, push } => {
                self.update("update", &self.value(*container), path, *value, *push)
            }
            OpKind::UpdateCell { cell, path, value, push } => {
                self.update("update_cell", &self.value(*cell), path, *value, *push)
            }
            OpKind::UpdateGlobal { global, path, value, push } => {
                let global = format!("g{}", global.0);
                self.update("update_global", &global, path, *value, *push)
            }
            OpKind::Member { object, name, mode } => {
                let mode = name_of(MODES, mode);
                format!("member {}, {}, {mode}", self.value(*object), quote(name))
            }
            OpKind::Index { object, index, optional } => {
                self.words(if *optional { "index?" } else { "index" }, &[*object, *index])
            }
            OpKind::Pattern { op, value } => self.pattern(op, *value),
            OpKind::Confidence { op, left, right } => {
                self.words(name_of(CONFIDENCE, op), &[*left, *right])
            }
            OpKind::ConfidenceOf(value) => self.words("confidence_of", &[*value]),
            OpKind::ValueOf(value) => self.words("value_of", &[*value]),
            OpKind::MakeConfident(value) => self.words("make_confident", &[*value]),
            OpKind::Halve(value) => self.words("halve", &[*value]),
            OpKind::Band { value, high, medium, strict } => {
                let word = if *strict { "strict_band" } else { "band" };
                self.words(word, &[*value, *high, *medium])
            }
            OpKind::Call { .. }
            | OpKind::CallValue { .. }
            | OpKind::CallMethod { .. }
            | OpKind::CallNative { .. }
            | OpKind::Offer { .. }
            | OpKind::Native(_)
            | OpKind::Closure { .. }
            | OpKind::Perform { .. }
            | OpKind::Spawn { .. }
            | OpKind::Join { .. }
            | OpKind::JoinAny { .. }
            | OpKind::Cancel { .. }
            | OpKind::Handle { .. }
            | OpKind::Resume { .. } => self.call(kind),
            OpKind::CellNew(None) => "cell_empty".to_owned(),
            OpKind::CellNew(Some(value)) => self.words("cell_new", &[*value]),
            OpKind::CellGet(cell) => self.words("cell_get", &[*cell]),
            OpKind::CellSet { cell, value } => self.words("cell_set", &[*cell, *value]),
            OpKind::GlobalGet(global) => format!("global_get g{}", global.0),
            OpKind::GlobalSet { global, value } => {
                format!("global_set g{}, {}", global.0, self.value(*value))
            }
            OpKind::IsAbsent(value) => self.words("is_absent", &[*value]),
            OpKind::Fail { code, message } => format!("fail {} {}", quote(code), quote(message)),
            OpKind::Items { subject, of } => {
                self.words(if *of { "items_of" } else { "items" }, &[*subject])
            }
            OpKind::ItemCount(items) => self.words("item_count", &[*items]),
            OpKind::ItemAt { items, index } => self.words("item_at", &[*items, *index]),
            OpKind::If { condition, .. } => self.words("if", &[*condition]),
            OpKind::Loop { .. } => unreachable!("loops are printed with their label"),
            OpKind::Try { .. } => "try".to_owned(),
        }
    }

    fn call(&self, kind: &OpKind) -> String {
        match kind {
            OpKind::Call { function, args } => {
                format!("call @{} ({})", function.0, self.list(args))
            }
            OpKind::CallValue { callee, args } => {
                format!("call_value {} {}", self.value(*callee), self.args(args))
            }
            OpKind::CallMethod { object, name, optional, args } => {
                let word = if *optional { "call_method?" } else { "call_method" };
                let args = self.args(args);
                format!("{word} {}, {} {args}", self.value(*object), quote(name))
            }
            OpKind::CallNative { native, args } => {
                format!("call_native {} {}", quote(native), self.args(args))
            }
            OpKind::Offer { callee, args } => {
                format!("offer {} ({})", self.value(*callee), self.list(args))
            }
            OpKind::Native(name) => format!("native {}", quote(name)),
            OpKind::Closure { function, captures } => {
                format!("closure @{} ({})", function.0, self.list(captures))
            }
            OpKind::Perform { effect, site, args } => {
                format!("perform {} at {} ({})", quote(effect), quote(site), self.list(args))
            }
            OpKind::Spawn { callee } => self.words("spawn", &[*callee]),
            OpKind::Join { fiber } => self.words("join", &[*fiber]),
            OpKind::JoinAny { fibers } => self.words("join_any", &[*fibers]),
            OpKind::Cancel { fiber } => self.words("cancel", &[*fiber]),
            OpKind::Handle { body, clauses, on_return } => {
                let clauses = self.fields(clauses);
                let on_return = on_return.map(|value| format!(" on_return {}", self.value(value)));
                let on_return = on_return.unwrap_or_default();
                format!("handle {} {clauses}{on_return}", self.value(*body))
            }
            OpKind::Resume { resume, value } => self.words("resume", &[*resume, *value]),
            other => unreachable!("not a call: {other:?}"),
        }
    }

    fn pattern(&self, op: &PatternOp, value: Value) -> String {
        let value = self.value(value);
        let names = |names: &[Text]| {
            let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
            names.join(", ")
        };
        match op {
            PatternOp::ExpectArray => format!("expect_array {value}"),
            PatternOp::ExpectObject => format!("expect_object {value}"),
            PatternOp::Element(at) => format!("element {value}, {at}"),
            PatternOp::Field(name) => format!("field {value}, {}", quote(name)),
            PatternOp::HasField(name) => format!("has_field {value}, {}", quote(name)),
            PatternOp::ArrayRest(from) => format!("array_rest {value}, {from}"),
            PatternOp::ObjectRest(fields) => format!("object_rest {value} [{}]", names(fields)),
            PatternOp::IsArray { length, at_least } => {
                let open = if *at_least { ".." } else { "" };
                format!("is_array {value}, {length}{open}")
            }
            PatternOp::IsObject(fields) => format!("is_object {value} [{}]", names(fields)),
            PatternOp::IsConst(constant) => format!("is_const {value}, {}", const_text(constant)),
            PatternOp::IsNull => format!("is_null {value}"),
        }
    }

    fn update(&self, word: &str, root: &str, path: &[Value], value: Value, push: bool) -> String {
        let how = if push { "push" } else { "set" };
        format!("{word} {root} [{}] {how} {}", self.list(path), self.value(value))
    }

    fn words(&self, word: &str, operands: &[Value]) -> String {
        format!("{word} {}", self.list(operands))
    }

    fn fields(&self, fields: &[(Text, Value)]) -> String {
        let field =
            |(name, value): &(Text, Value)| format!("{}: {}", quote(name), self.value(*value));
        let fields: Vec<String> = fields.iter().map(field).collect();
        format!("[{}]", fields.join(", "))
    }

    fn args(&self, args: &Args) -> String {
        match args {
            Args::Positional(values) => format!("({})", self.list(values)),
            Args::Spread(value) => format!("(...{})", self.value(*value)),
            Args::Named(values, named) => {
                format!("({}) {}", self.list(values), self.fields(named))
            }
        }
    }
}

fn const_text(constant: &Const) -> String {
    match constant {
        Const::Null => "null".to_owned(),
        Const::Bool(flag) => flag.to_string(),
        Const::Number(number) => format!("{number:?}"),
        Const::Text(text) => quote(text),
    }
}

/// The text in quotes; control characters as `\u{…}`, so that a line stays a line.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
