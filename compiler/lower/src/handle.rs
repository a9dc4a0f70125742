//! Lowers `handle { … } with { … }` and `resume`.
//!
//! The block, the clauses and the `return` clause become functions. A `return` in the block leaves
//! the function around the `handle`, so what the block returns goes through two cells:
//!
//! ```text
//! let x = handle { return 5 } with { return v => f(v) }
//!
//! let (is_so, value) = (false, null)
//! let x = handle { value = 5; is_so = true; return 5 } with { return v => is_so ? v : f(v) }
//! if is_so { return value }
//! ```

use prism_hir::body::{Block, Body, ExprId, HandlerClause, ReturnClause};
use prism_ir::function::{self as ir, Facts, Source, Text, Ty, Value};
use prism_ir::op::{Const, Exit, OpKind};

use crate::function::{Cx, Flow, Returned, ir_params};
use crate::walk::{FunctionKey, Visitor, Walk};

/// What a `handle` consists of.
type Handler<'a> = (&'a Block, &'a [HandlerClause], Option<&'a ReturnClause>);

impl<'a> Cx<'a, '_, '_> {
    pub fn handle(
        &mut self,
        expr: ExprId,
        (body, clauses, return_clause): Handler<'a>,
        bound: Option<Text>,
        source: Source,
    ) -> Value {
        let whole = bound.or_else(|| self.part_of.clone());
        let named = |part: &str| match &whole {
            Some(whole) => format!("{whole}.{part}").into(),
            None => Text::from(part),
        };
        let returned = has_return(self.item.body, body).then(|| self.returned_cells(source));
        let handled = self.handled(expr, named("handle"), body, returned, source);
        let clauses = clauses
            .iter()
            .enumerate()
            .map(|(index, clause)| {
                let key = FunctionKey::Clause(expr, index as u32);
                let value = self.clause(key, &named(&clause.effect), clause, source);
                (clause.effect.clone(), value)
            })
            .collect();
        let on_return = return_clause
            .map(|clause| self.on_return(expr, &named("return"), clause, returned, source));
        let kind = OpKind::Handle { body: handled, clauses, on_return };
        let value = self.b.push(kind, Facts::ANY, source);
        if let Some(returned) = returned {
            self.leave_if_returned(returned, source);
        }
        value
    }

    fn returned_cells(&mut self, source: Source) -> Returned {
        let no = self.constant(Const::Bool(false), source);
        let null = self.null(source);
        let mut cell =
            |value| self.b.push(OpKind::CellNew(Some(value)), Facts::plain(Ty::Cell), source);
        Returned { is_so: cell(no), value: cell(null) }
    }

    /// Behind the `handle`: its block may have returned from the function.
    fn leave_if_returned(&mut self, returned: Returned, source: Source) {
        let is_so = self.b.push(OpKind::CellGet(returned.is_so), Facts::ANY, source);
        let leave = |cx: &mut Self| {
            let value = cx.b.push(OpKind::CellGet(returned.value), Facts::ANY, source);
            Flow::Ends(cx.return_value(value, source))
        };
        self.if_else(is_so, false, source, leave, |_| Flow::Next(None));
    }

    /// `return value`.
    pub fn return_value(&mut self, value: Value, source: Source) -> Exit {
        if let Some(Returned { is_so, value: cell }) = self.returned {
            let yes = self.constant(Const::Bool(true), source);
            self.b.push_void(OpKind::CellSet { cell, value }, source);
            self.b.push_void(OpKind::CellSet { cell: is_so, value: yes }, source);
            return Exit::Return(value);
        }
        Exit::Return(self.scaled(value, source))
    }

    /// The block, as a function without parameters.
    fn handled(
        &mut self,
        expr: ExprId,
        name: Text,
        body: &'a Block,
        returned: Option<Returned>,
        source: Source,
    ) -> Value {
        let key = FunctionKey::Handled(expr);
        let id = self.nested(key, Some(name), &[], |cx| {
            cx.returned = returned.map(|_| cx.captured_cells());
            body
        });
        self.closure_with(id, key, returned, source)
    }

    /// The cells that the maker of this function passes behind its other captures.
    fn captured_cells(&mut self) -> Returned {
        let mut cell = |name: &str| self.b.capture(name.into(), Facts::plain(Ty::Cell));
        Returned { is_so: cell("returned"), value: cell("result") }
    }

    fn closure_with(
        &mut self,
        function: ir::FunctionId,
        key: FunctionKey,
        returned: Option<Returned>,
        source: Source,
    ) -> Value {
        let mut captures = self.captures(key, source);
        captures.extend(returned.into_iter().flat_map(|cells| [cells.is_so, cells.value]));
        self.b.push(OpKind::Closure { function, captures }, Facts::plain(Ty::Function), source)
    }

    /// A handler clause: a function of `resume` and the operation's arguments.
    fn clause(
        &mut self,
        key: FunctionKey,
        name: &str,
        clause: &'a HandlerClause,
        source: Source,
    ) -> Value {
        let path = self.program.nested_path(&self.path, name);
        let id = self.program.reserve();
        let mut params =
            vec![ir::Param { name: "resume".into(), is_optional: false, is_rest: false }];
        params.extend(ir_params(self.item.body, &clause.params));
        let mut cx = Cx::new(self.item, self.program, key, path, params);
        cx.resume = Some(cx.b.param(0));
        cx.bind_captures();
        cx.bind_implicit(source);
        cx.bind_params_from(1, &clause.params, source);
        let function = cx.finish_function(&clause.body, source);
        self.program.define(id, function);
        self.make_closure(id, key, source)
    }

    fn on_return(
        &mut self,
        expr: ExprId,
        name: &str,
        clause: &'a ReturnClause,
        returned: Option<Returned>,
        source: Source,
    ) -> Value {
        let key = FunctionKey::OnReturn(expr);
        let path = self.program.nested_path(&self.path, name);
        let id = self.program.reserve();
        let params = vec![ir::Param { name: "value".into(), is_optional: false, is_rest: false }];
        let mut cx = Cx::new(self.item, self.program, key, path, params);
        cx.bind_captures();
        let cells = returned.map(|_| cx.captured_cells());
        cx.bind_implicit(source);
        let value = cx.b.param(0);
        if let Some(Returned { is_so, .. }) = cells {
            let is_so = cx.b.push(OpKind::CellGet(is_so), Facts::ANY, source);
            let leave = |_: &mut Cx<'a, '_, '_>| Flow::Ends(Exit::Return(value));
            cx.if_else(is_so, false, source, leave, |_| Flow::Next(None));
        }
        cx.bind_pat(clause.pat, value, None);
        let function = cx.finish_function(&clause.body, source);
        self.program.define(id, function);
        self.closure_with(id, key, returned, source)
    }

    pub fn resume(&mut self, value: Option<ExprId>, source: Source) -> Value {
        let value = match value {
            Some(value) => self.expr(value),
            None => self.null(source),
        };
        match self.resume {
            Some(resume) => self.b.push(OpKind::Resume { resume, value }, Facts::ANY, source),
            None => {
                let code = "P0304".into();
                let message = "`resume` stands outside a handler clause".into();
                self.b.push(OpKind::Fail { code, message }, Facts::ANY, source)
            }
        }
    }
}

/// Whether a `return` in a handled block leaves the function around it.
fn has_return(body: &Body, handled: &Block) -> bool {
    let mut walk = Walk { body, visitor: Returns::default() };
    walk.block(handled);
    walk.visitor.is_met
}

#[derive(Default)]
struct Returns {
    /// Functions around the point of the walk, that have `return` for themselves.
    depth: u32,
    is_met: bool,
}

impl Visitor for Returns {
    fn enter_function(&mut self, function: FunctionKey) {
        self.depth += u32::from(!matches!(function, FunctionKey::Handled(_)));
    }

    fn leave_function(&mut self, function: FunctionKey) {
        self.depth -= u32::from(!matches!(function, FunctionKey::Handled(_)));
    }

    fn returns(&mut self) {
        self.is_met |= self.depth == 0;
    }
}
