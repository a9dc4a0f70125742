//! Lowers expressions that are neither calls nor about confidence.

use prism_hir::body::{
    Element, ExprId, ExprKind, Field, LogicalOp, MatchArm, MemberMode, Name, TemplatePart, UnaryOp,
};
use prism_hir::builtins::is_namespace;
use prism_ir::function::{Facts, Source, Text, Ty, Value};
use prism_ir::op::{self as ir_op, BinaryOp, Const, Exit, OpKind, PatternOp};

use crate::coverage::What;
use crate::function::{Cx, Flow};
use crate::variables::written_in;
use crate::walk::FunctionKey;

impl<'a, 'db> Cx<'a, '_, 'db> {
    pub fn expr(&mut self, expr: ExprId) -> Value {
        let source = self.source_of(expr);
        let facts = self.item.facts.expr(expr);
        // Only the expression that is bound directly takes the variable's name.
        let bound = self.bound.take();
        match self.expr_kind(expr) {
            ExprKind::Error => self.unreadable_expr(source),
            ExprKind::Null => self.null(source),
            ExprKind::Bool(value) => self.constant(Const::Bool(*value), source),
            ExprKind::Number(bits) => self.number(bits.value(), source),
            ExprKind::Text(text) => self.constant(Const::Text(text.clone()), source),
            ExprKind::Template(parts) => self.template(parts, source),
            ExprKind::Array(elements) => self.within(bound, |cx| cx.array(elements, source)),
            ExprKind::Object(fields) => self.within(bound, |cx| cx.object(fields, source)),
            ExprKind::Name(name) => self.read_name(name, source),
            ExprKind::Unary { op, operand } => self.unary(*op, *operand, facts, source),
            ExprKind::Binary { op, confident, left, right } => {
                let (left, right) = (self.expr(*left), self.expr(*right));
                let kind =
                    OpKind::Binary { op: binary_op(*op), confident: *confident, left, right };
                self.b.push(kind, facts, source)
            }
            ExprKind::Logical { op, left, right } => self.logical(*op, *left, *right, source),
            ExprKind::ConfidentLogical { .. }
            | ExprKind::Chain { .. }
            | ExprKind::MoreConfident { .. }
            | ExprKind::ConfidentCoalesce { .. }
            | ExprKind::Escalate { .. }
            | ExprKind::Threshold { .. }
            | ExprKind::Annotate { .. }
            | ExprKind::Gate { .. }
            | ExprKind::ConfidentTernary { .. }
            | ExprKind::UncertainIf { .. } => self.confidence_expr(expr, facts, source),
            ExprKind::Ternary { condition, then, otherwise } => {
                let condition = self.expr(*condition);
                self.choose(
                    condition,
                    source,
                    |cx| {
                        cx.hit(What::Then, source);
                        cx.expr(*then)
                    },
                    |cx| {
                        cx.hit(What::Else, source);
                        cx.expr(*otherwise)
                    },
                )
            }
            ExprKind::Member { object, name, mode } => {
                self.member(*object, name, *mode, facts, source)
            }
            ExprKind::Index { object, index, optional } => {
                let (object, index) = (self.expr(*object), self.expr(*index));
                self.b.push(OpKind::Index { object, index, optional: *optional }, facts, source)
            }
            ExprKind::Call { callee, args, optional } => {
                self.call((*callee, *optional), args, bound, facts, source)
            }
            ExprKind::MethodCall { object, name, mode, args } => {
                self.method_call((*object, name, *mode), args, bound, facts, source)
            }
            ExprKind::Perform { effect, args } => self.perform(effect, args, bound, facts, source),
            ExprKind::Lambda(lambda) => {
                self.bound = bound;
                let function = &self.item.body.functions[*lambda];
                let closure = self.closure(function, FunctionKey::Lambda(*lambda), source);
                self.bound = None;
                closure
            }
            ExprKind::Bind { local, value, body, keep_confidence } => {
                let value = self.expr(*value);
                self.declare(*local, value, source);
                let result = self.expr(*body);
                match keep_confidence {
                    false => result,
                    true => self.confidence_op(
                        ir_op::ConfidenceOp::Inherit,
                        result,
                        value,
                        Facts::ANY,
                        source,
                    ),
                }
            }
            ExprKind::Match { subject, arms } => self.match_expr(*subject, arms, source),
            ExprKind::Handle { body, clauses, return_clause } => {
                self.handle(expr, (body, clauses, return_clause.as_deref()), bound, source)
            }
            ExprKind::Resume { value } => self.resume(*value, source),
            ExprKind::Block(block) => self.block_expr(block, source),
            ExprKind::Await(operand) => {
                self.bound = bound;
                let operand = self.expr(*operand);
                self.b.push(OpKind::Unary { op: ir_op::UnaryOp::Await, operand }, facts, source)
            }
        }
    }

    /// Lowers parts of what a variable takes.
    fn within(&mut self, bound: Option<Text>, lower: impl FnOnce(&mut Self) -> Value) -> Value {
        let inner = bound.or_else(|| self.part_of.clone());
        let outer = std::mem::replace(&mut self.part_of, inner);
        let value = lower(self);
        self.part_of = outer;
        value
    }

    fn unreadable_expr(&mut self, source: Source) -> Value {
        let code = "P0101".into();
        let message = "this expression could not be read".into();
        self.b.push(OpKind::Fail { code, message }, Facts::ANY, source)
    }

    fn template(&mut self, parts: &'a [TemplatePart], source: Source) -> Value {
        let parts = parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => self.constant(Const::Text(text.clone()), source),
                TemplatePart::Expr(expr) => self.expr(*expr),
            })
            .collect();
        self.b.push(OpKind::Template(parts), Facts::plain(Ty::Text), source)
    }

    fn array(&mut self, elements: &'a [Element], source: Source) -> Value {
        let first_spread = elements
            .iter()
            .position(|element| matches!(element, Element::Spread(_)))
            .unwrap_or(elements.len());
        let head = elements[..first_spread]
            .iter()
            .map(|element| match element {
                Element::Expr(value) | Element::Spread(value) => self.expr(*value),
            })
            .collect();
        let mut array = self.b.push(OpKind::Array(head), Facts::plain(Ty::Array), source);
        for element in &elements[first_spread..] {
            let kind = match element {
                Element::Expr(value) => {
                    let value = self.expr(*value);
                    OpKind::ArrayPush { array, value }
                }
                Element::Spread(items) => {
                    let items = self.expr(*items);
                    OpKind::ArraySpread { array, items }
                }
            };
            array = self.b.push(kind, Facts::plain(Ty::Array), source);
        }
        array
    }

    fn object(&mut self, fields: &'a [Field], source: Source) -> Value {
        let is_named = |field: &Field| matches!(field, Field::Named { .. });
        let first_other = fields.iter().position(|field| !is_named(field)).unwrap_or(fields.len());
        let mut head = Vec::new();
        for field in &fields[..first_other] {
            if let Field::Named { name, value } = field {
                let value = self.expr(*value);
                match head.iter().position(|(known, _)| known == name) {
                    // A repeated key keeps its place and takes the last value.
                    Some(at) => head[at] = (name.clone(), value),
                    None => head.push((name.clone(), value)),
                }
            }
        }
        let mut object = self.b.push(OpKind::Object(head), Facts::plain(Ty::Object), source);
        for field in &fields[first_other..] {
            let kind = match field {
                Field::Named { name, value } => {
                    let value = self.expr(*value);
                    OpKind::ObjectSet { object, name: name.clone(), value }
                }
                Field::Computed { key, value } => {
                    let (index, value) = (self.expr(*key), self.expr(*value));
                    OpKind::IndexSet { container: object, index, value }
                }
                Field::Spread(fields) => {
                    let fields = self.expr(*fields);
                    OpKind::ObjectSpread { object, fields }
                }
            };
            object = self.b.push(kind, Facts::plain(Ty::Object), source);
        }
        object
    }

    fn unary(&mut self, op: UnaryOp, operand: ExprId, facts: Facts, source: Source) -> Value {
        let operand = self.expr(operand);
        let op = match op {
            UnaryOp::Confidence => {
                let facts = Facts::plain(Ty::Number);
                return self.b.push(OpKind::ConfidenceOf(operand), facts, source);
            }
            UnaryOp::Not => ir_op::UnaryOp::Not,
            UnaryOp::Negate => ir_op::UnaryOp::Negate,
            UnaryOp::Plus => ir_op::UnaryOp::Plus,
            UnaryOp::Typeof => ir_op::UnaryOp::Typeof,
        };
        self.b.push(OpKind::Unary { op, operand }, facts, source)
    }

    /// `&& || ??`: an operand unchanged; what `??` falls through to is no surer than the null.
    fn logical(&mut self, op: LogicalOp, left: ExprId, right: ExprId, source: Source) -> Value {
        let left = self.expr(left);
        match op {
            LogicalOp::And => self.choose(left, source, |cx| cx.expr(right), |_| left),
            LogicalOp::Or => self.choose(left, source, |_| left, |cx| cx.expr(right)),
            LogicalOp::Coalesce => {
                let is_null = self.is_null(left, source);
                let is_plain = self.b.facts(left).is_plain;
                let fallback = |cx: &mut Self| match cx.expr(right) {
                    right if is_plain => right,
                    right => cx.no_surer_than(left, right, source),
                };
                self.choose(is_null, source, fallback, |_| left)
            }
        }
    }

    pub fn is_null(&mut self, value: Value, source: Source) -> Value {
        let kind = OpKind::Pattern { op: PatternOp::IsNull, value };
        self.b.push(kind, Facts::plain(Ty::Boolean), source)
    }

    fn member(
        &mut self,
        object: ExprId,
        name: &'a Text,
        mode: MemberMode,
        facts: Facts,
        source: Source,
    ) -> Value {
        if let ExprKind::Name(base) = self.expr_kind(object)
            && let Some(value) = self.static_member(base, name, source)
        {
            return value;
        }
        let object = self.expr(object);
        let kind = OpKind::Member { object, name: name.clone(), mode: member_mode(mode) };
        self.b.push(kind, facts, source)
    }

    /// A member of something that is no value: a module namespace, `Math`, an effect.
    fn static_member(&mut self, base: &'a Name, name: &str, source: Source) -> Option<Value> {
        match base {
            Name::Namespace { module } => Some(self.import(module, name, source)),
            Name::Builtin(builtin) if is_namespace(builtin) => {
                self.builtin_member(builtin, name, source)
            }
            Name::Builtin(_)
            | Name::Local(_)
            | Name::ModuleVar(_)
            | Name::ModuleFunction(_)
            | Name::Import { .. }
            | Name::Host(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => None,
        }
    }

    fn match_expr(&mut self, subject: ExprId, arms: &'a [MatchArm], source: Source) -> Value {
        let subject = self.expr(subject);
        let mut written = Vec::new();
        for arm in arms {
            if let ExprKind::Block(block) = self.expr_kind(arm.body) {
                written.extend(written_in(self.item.body, &[], &[block]));
            }
        }
        let mut seen = rustc_hash::FxHashSet::default();
        written.retain(|local| seen.insert(*local));
        let carried = self.carried(written);
        let value = self.block_with_results(&carried, true, source, |cx, op| {
            for arm in arms {
                cx.block_once(source, |cx, next| {
                    cx.test_pat(arm.pat, subject, None, next);
                    if let Some(guard) = arm.guard {
                        let guard_source = cx.source_of(guard);
                        let guard = cx.expr(guard);
                        cx.require(guard, next, guard_source);
                    }
                    cx.hit(What::Arm, cx.source_of(arm.body));
                    match cx.arm_body(arm.body) {
                        Flow::Next(value) => {
                            let value = value.unwrap_or_else(|| cx.null(source));
                            let values = cx.exit_values(Some(value), &carried);
                            Exit::Break { target: op, values }
                        }
                        Flow::Ends(exit) => exit,
                    }
                });
            }
            let null = cx.null(source);
            let values = cx.exit_values(Some(null), &carried);
            Exit::Break { target: op, values }
        });
        value.expect("the block was asked for a value")
    }

    fn arm_body(&mut self, body: ExprId) -> Flow {
        match self.expr_kind(body) {
            ExprKind::Block(block) => self.block(block, true),
            _ => Flow::Next(Some(self.expr(body))),
        }
    }

    /// A block in operand position. Its exits leave from inside a region of their own.
    fn block_expr(&mut self, block: &'a prism_hir::body::Block, source: Source) -> Value {
        let always = self.constant(Const::Bool(true), source);
        let flow = self.if_else(
            always,
            true,
            source,
            |cx| cx.block(block, true),
            |_| Flow::Ends(Exit::Unreachable),
        );
        match flow {
            Flow::Next(Some(value)) => value,
            Flow::Next(None) | Flow::Ends(_) => self.null(source),
        }
    }

    /// Reads a name as a value.
    pub fn read_name(&mut self, name: &'a Name, source: Source) -> Value {
        match name {
            Name::Local(local) => self.read_local(*local, source),
            Name::ModuleVar(name) => {
                let global = self.program.global(&self.item.module, name);
                self.b.push(OpKind::GlobalGet(global), Facts::ANY, source)
            }
            Name::ModuleFunction(name) => {
                let function = self.program.function(&self.item.module, name);
                self.function_value(function, source)
            }
            Name::Import { module, name } => self.import(module, name, source),
            Name::Namespace { module } => self.namespace(module, source),
            Name::Builtin(name) => self.builtin_value(name, source),
            Name::Host(name) => self.host(name, source),
            Name::Effect(name) => {
                let message = format!("`{name}` is an effect: perform one of its operations");
                let kind = OpKind::Fail { code: "P0301".into(), message: message.into() };
                self.b.push(kind, Facts::ANY, source)
            }
            Name::Unresolved(name) => {
                let message = format!("`{name}` is not defined");
                let kind = OpKind::Fail { code: "P0501".into(), message: message.into() };
                self.b.push(kind, Facts::ANY, source)
            }
        }
    }

    pub fn write_name(&mut self, name: &'a Name, value: Value, source: Source) {
        match name {
            Name::Local(local) => self.write_local(*local, value, source),
            Name::ModuleVar(name) => {
                let global = self.program.global(&self.item.module, name);
                self.b.push_void(OpKind::GlobalSet { global, value }, source);
            }
            Name::Host(name) => {
                let global = self.program.input(name);
                self.b.push_void(OpKind::GlobalSet { global, value }, source);
            }
            Name::ModuleFunction(_)
            | Name::Import { .. }
            | Name::Namespace { .. }
            | Name::Builtin(_)
            | Name::Effect(_)
            | Name::Unresolved(_) => {
                // Reported by name resolution; reading it raises the matching error.
                self.read_name(name, source);
            }
        }
    }

    pub fn function_value(
        &mut self,
        function: prism_ir::function::FunctionId,
        source: Source,
    ) -> Value {
        let kind = OpKind::Closure { function, captures: Vec::new() };
        self.b.push(kind, Facts::plain(Ty::Function), source)
    }
}

fn binary_op(op: prism_hir::body::BinaryOp) -> BinaryOp {
    use prism_hir::body::BinaryOp as Hir;
    match op {
        Hir::Add => BinaryOp::Add,
        Hir::Subtract => BinaryOp::Subtract,
        Hir::Multiply => BinaryOp::Multiply,
        Hir::Divide => BinaryOp::Divide,
        Hir::Remainder => BinaryOp::Remainder,
        Hir::Power => BinaryOp::Power,
        Hir::Equal => BinaryOp::Equal,
        Hir::NotEqual => BinaryOp::NotEqual,
        Hir::Identical => BinaryOp::Identical,
        Hir::NotIdentical => BinaryOp::NotIdentical,
        Hir::Less => BinaryOp::Less,
        Hir::LessEqual => BinaryOp::LessEqual,
        Hir::Greater => BinaryOp::Greater,
        Hir::GreaterEqual => BinaryOp::GreaterEqual,
        Hir::Instanceof => BinaryOp::Instanceof,
        Hir::In => BinaryOp::In,
    }
}

pub(crate) fn member_mode(mode: MemberMode) -> ir_op::MemberMode {
    match mode {
        MemberMode::Plain => ir_op::MemberMode::Plain,
        MemberMode::Optional => ir_op::MemberMode::Optional,
        MemberMode::Confident => ir_op::MemberMode::Confident,
        MemberMode::Soft => ir_op::MemberMode::Soft,
    }
}
