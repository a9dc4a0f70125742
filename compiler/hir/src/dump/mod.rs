//! Bodies as text, for people and tests: one statement a line, every name with what it stands
//! for. `x#2` is a local, `$x` a variable of the module, `@x` a function of it, `^x` a built-in,
//! `!x` an effect, `~x` a name of the host, `?x` a name that was not found.

mod expr;
mod pat;

use crate::body::{
    Block, Body, Branches, ExprId, Function, LocalId, Name, Param, Place, PlaceStep, Rebinds, Stmt,
    StmtKind, Text,
};

/// The text of a body, with a line break at its end.
pub fn dump(body: &Body) -> String {
    let mut dump = Dump { body, out: String::new(), indent: 0 };
    dump.function(&body.root);
    dump.out
}

struct Dump<'a> {
    body: &'a Body,
    out: String,
    indent: usize,
}

impl Dump<'_> {
    fn line(&mut self, text: impl AsRef<str>) {
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
        self.out.push_str(text.as_ref());
        self.out.push('\n');
    }

    fn function(&mut self, function: &Function) {
        let name = function.name.as_deref().unwrap_or("_");
        let head = format!("fn {name}({}){}", self.params(&function.params), self.tail(function));
        self.line(head);
        self.block(&function.body);
    }

    fn tail(&self, function: &Function) -> String {
        let mut text = String::new();
        if let Some(uses) = &function.uses {
            text +=
                &format!(" uses {}", if uses.is_empty() { "none".into() } else { uses.join(", ") });
        }
        if let Some(confidence) = function.confidence {
            text += &format!(" ~> {}", self.expr(confidence));
        }
        text
    }

    fn params(&self, params: &[Param]) -> String {
        let param = |param: &Param| {
            let rest = if param.is_rest { "..." } else { "" };
            let default = param.default.map(|default| format!(" = {}", self.expr(default)));
            format!("{rest}{}{}", self.pat(param.pat), default.unwrap_or_default())
        };
        params.iter().map(param).collect::<Vec<_>>().join(", ")
    }

    fn block(&mut self, block: &Block) {
        self.indent += 1;
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
        self.indent -= 1;
    }

    fn headed(&mut self, head: impl AsRef<str>, block: &Block) {
        self.line(head);
        self.block(block);
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(expr) => self.expr_line("", *expr),
            StmtKind::Let { pat, init } => match init {
                Some(init) => {
                    let head = format!("let {} = ", self.pat(*pat));
                    self.expr_line(&head, *init);
                }
                None => self.line(format!("let {}", self.pat(*pat))),
            },
            StmtKind::Assign { place, value, rebinds } => {
                let takes = match rebinds {
                    Rebinds::Always => "=",
                    Rebinds::IfArray => "= if array",
                    Rebinds::Never => "= unless array",
                };
                let head = format!("{} {takes} ", self.place(place));
                self.expr_line(&head, *value);
            }
            StmtKind::AssignPattern { pat, value } => {
                let head = format!("{} = ", self.pat(*pat));
                self.expr_line(&head, *value);
            }
            StmtKind::Function { local, function } => {
                let function = &self.body.functions[*function];
                let params = self.params(&function.params);
                let head = format!("fn {}({params}){}", self.local(*local), self.tail(function));
                self.headed(head, &function.body);
            }
            StmtKind::Block(block) => self.headed("block", block),
            StmtKind::If { condition, then, otherwise } => {
                self.headed(format!("if {}", self.expr(*condition)), then);
                if let Some(otherwise) = otherwise {
                    self.headed("else", otherwise);
                }
            }
            StmtKind::Switch { subject, cases } => {
                self.line(format!("switch {}", self.expr(*subject)));
                for case in cases {
                    let head = case.test.map(|test| format!("case {}", self.expr(test)));
                    self.headed(head.unwrap_or_else(|| "default".to_owned()), &case.body);
                }
            }
            StmtKind::Try { body, catch, finally } => {
                self.headed("try", body);
                if let Some(catch) = catch {
                    let pat = catch.pat.map(|pat| format!(" {}", self.pat(pat)));
                    self.headed(format!("catch{}", pat.unwrap_or_default()), &catch.body);
                }
                if let Some(finally) = finally {
                    self.headed("finally", finally);
                }
            }
            StmtKind::Throw(value) => self.expr_line("throw ", *value),
            StmtKind::Return(Some(value)) => self.expr_line("return ", *value),
            StmtKind::Return(None) => self.line("return"),
            StmtKind::Break => self.line("break"),
            StmtKind::Continue => self.line("continue"),
            StmtKind::Error => self.line("error"),
            StmtKind::UncertainIf { condition, bands, branches } => {
                let head = format!("uncertain if {}{}", self.expr(*condition), self.bands(bands));
                self.line(head);
                self.branches(branches);
            }
            StmtKind::While { .. }
            | StmtKind::DoWhile { .. }
            | StmtKind::For { .. }
            | StmtKind::ForIn { .. }
            | StmtKind::UncertainWhile { .. }
            | StmtKind::UncertainFor { .. } => self.loop_stmt(&stmt.kind),
        }
    }

    fn loop_stmt(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::While { condition, body } => {
                self.headed(format!("while {}", self.expr(*condition)), body);
            }
            StmtKind::DoWhile { body, condition } => {
                self.headed("do", body);
                self.line(format!("while {}", self.expr(*condition)));
            }
            StmtKind::For { init, condition, update, body } => {
                self.for_head("for", init, *condition, update);
                self.headed("body", body);
            }
            StmtKind::ForIn { pat, index, subject, of, body } => {
                let index = index.map(|index| format!(", {}", self.local(index)));
                let word = if *of { "of" } else { "in" };
                let (pat, index) = (self.pat(*pat), index.unwrap_or_default());
                let head = format!("for {pat}{index} {word} {}", self.expr(*subject));
                self.headed(head, body);
            }
            StmtKind::UncertainWhile { condition, bands, branches } => {
                let bands = self.bands(bands);
                self.line(format!("uncertain while {}{bands}", self.expr(*condition)));
                self.branches(branches);
            }
            StmtKind::UncertainFor { init, condition, update, bands, branches } => {
                self.for_head("uncertain for", init, *condition, update);
                let bands = self.bands(bands);
                self.line(format!("bands{bands}"));
                self.branches(branches);
            }
            _ => {}
        }
    }

    fn for_head(&mut self, word: &str, init: &[Stmt], condition: Option<ExprId>, update: &[Stmt]) {
        let condition = condition.map(|condition| format!(" {}", self.expr(condition)));
        self.line(format!("{word}{}", condition.unwrap_or_default()));
        let block = |stmts: &[Stmt]| Block { stmts: stmts.into() };
        self.headed("init", &block(init));
        self.headed("update", &block(update));
    }

    fn branches(&mut self, branches: &Branches<Block>) {
        let all = [
            ("high", &branches.high),
            ("medium", &branches.medium),
            ("low", &branches.low),
            ("default", &branches.default),
        ];
        for (name, branch) in all {
            if let Some(branch) = branch {
                self.headed(name, branch);
            }
        }
    }

    fn bands(&self, bands: &crate::body::Bands) -> String {
        let limit = |name: &str, value: Option<ExprId>| {
            value.map(|value| format!(" {name}: {}", self.expr(value))).unwrap_or_default()
        };
        format!("{}{}", limit("high", bands.high), limit("medium", bands.medium))
    }

    /// A line that ends in an expression, whose blocks follow below it.
    fn expr_line(&mut self, head: &str, expr: ExprId) {
        let text = self.expr(expr);
        self.line(format!("{head}{text}"));
    }

    fn local(&self, local: LocalId) -> String {
        format!("{}#{}", self.body.locals[local].name, local.into_raw().into_u32())
    }

    fn name(&self, name: &Name) -> String {
        match name {
            Name::Local(local) => self.local(*local),
            Name::ModuleVar(name) => format!("${name}"),
            Name::ModuleFunction(name) => format!("@{name}"),
            Name::Import { module, name } => format!("{module}:{name}"),
            Name::Namespace { module } => format!("{module}:*"),
            Name::Builtin(name) => format!("^{name}"),
            Name::Host(name) => format!("~{name}"),
            Name::Effect(name) => format!("!{name}"),
            Name::Unresolved(name) => format!("?{name}"),
        }
    }

    fn place(&self, place: &Place) -> String {
        let mut text = self.name(&place.root);
        for step in &place.path {
            match step {
                PlaceStep::Member(name) => text += &format!(".{name}"),
                PlaceStep::Index(index) => text += &format!("[{}]", self.expr(*index)),
            }
        }
        text
    }

    /// A block inside an expression, on one line.
    fn inline(&self, block: &Block) -> String {
        let mut inner = Dump { body: self.body, out: String::new(), indent: 0 };
        block.stmts.iter().for_each(|stmt| inner.stmt(stmt));
        format!("{{ {} }}", inner.out.trim_end().replace('\n', "; "))
    }
}

fn quoted(text: &Text) -> String {
    format!("{text:?}")
}
