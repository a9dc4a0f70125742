//! How deep each node is: one more than the deepest part of it.
//!
//! Blocks, functions and the small parts of lists count with the node that holds them.

use la_arena::RawIdx;

use super::Builder;
use crate::ast::{
    AgentDecl, Arg, BlockId, Body, Branch, Element, ExprId, ExprKind, Field, FieldKey, ForHeadId,
    Function, FunctionId, HandlerClause, HandlerHead, List, Param, PatId, PatKind, StmtId,
    StmtKind, TemplatePart, TypeId, TypeKind, UncertainId,
};

/// One number per node, in the order of the arenas.
pub(super) struct Depths {
    pub exprs: Vec<u16>,
    pub stmts: Vec<u16>,
    pub pats: Vec<u16>,
    pub types: Vec<u16>,
    pub blocks: Vec<u16>,
    pub functions: Vec<u16>,
}

impl Depths {
    /// The tree begins with the block of the file.
    pub fn new() -> Depths {
        Depths {
            exprs: Vec::new(),
            stmts: Vec::new(),
            pats: Vec::new(),
            types: Vec::new(),
            blocks: vec![0],
            functions: Vec::new(),
        }
    }

    pub fn stmt(&self, id: StmtId) -> u16 {
        at(&self.stmts, id.into_raw())
    }
}

fn at(depths: &[u16], id: RawIdx) -> u16 {
    depths[id.into_u32() as usize]
}

fn deepest(depths: impl IntoIterator<Item = u32>) -> u32 {
    depths.into_iter().max().unwrap_or(0)
}

impl Builder<'_> {
    fn depth(&self, id: ExprId) -> u32 {
        at(&self.depths.exprs, id.into_raw()).into()
    }

    fn optional(&self, id: Option<ExprId>) -> u32 {
        id.map_or(0, |id| self.depth(id))
    }

    fn pat_depth(&self, id: PatId) -> u32 {
        at(&self.depths.pats, id.into_raw()).into()
    }

    fn type_depth(&self, id: TypeId) -> u32 {
        at(&self.depths.types, id.into_raw()).into()
    }

    fn block_depth(&self, id: BlockId) -> u32 {
        at(&self.depths.blocks, id.into_raw()).into()
    }

    fn function_depth(&self, id: FunctionId) -> u32 {
        at(&self.depths.functions, id.into_raw()).into()
    }

    fn body_depth(&self, body: Body) -> u32 {
        match body {
            Body::Block(id) => self.block_depth(id),
            Body::Expr(id) => self.depth(id),
        }
    }

    pub(super) fn depth_of_expr(&self, kind: ExprKind) -> u32 {
        let ast = &self.ast;
        let deepest = match kind {
            ExprKind::Error
            | ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number
            | ExprKind::Text(_)
            | ExprKind::Name
            | ExprKind::Placeholder => return 0,
            ExprKind::Template { parts, .. } => deepest(ast[parts].iter().map(|part| match part {
                TemplatePart::Text(_) => 0,
                TemplatePart::Expr(id) => self.depth(*id),
            })),
            ExprKind::Paren(id)
            | ExprKind::Unary { operand: id, .. }
            | ExprKind::Leveled { confidence: id, .. } => self.depth(id),
            ExprKind::Array(elements) => {
                deepest(ast[elements].iter().map(|Element { value, .. }| self.depth(*value)))
            }
            ExprKind::Object(fields) => self.fields_depth(fields),
            ExprKind::Function(id) => self.function_depth(id),
            ExprKind::Binary { left, right, .. } => self.depth(left).max(self.depth(right)),
            ExprKind::Ternary { condition, then, otherwise, .. } => {
                deepest([condition, then, otherwise].map(|id| self.depth(id)))
            }
            ExprKind::Member { object, .. } => self.depth(object),
            ExprKind::Index { object, index, .. } => self.depth(object).max(self.depth(index)),
            ExprKind::Call { callee, args, .. } => {
                let args = ast[args].iter().map(|Arg { value, .. }| self.depth(*value));
                deepest(args).max(self.depth(callee))
            }
            ExprKind::Match { subject, arms } => {
                let arms = ast[arms].iter().map(|arm| {
                    let parts = self.pat_depth(arm.pat).max(self.optional(arm.guard));
                    parts.max(self.body_depth(arm.body))
                });
                deepest(arms).max(self.depth(subject))
            }
            ExprKind::UncertainIf(id) => self.uncertain_depth(id),
            ExprKind::Handle { body, clauses } => {
                self.clauses_depth(clauses).max(self.block_depth(body))
            }
        };
        deepest + 1
    }

    fn fields_depth(&self, fields: List<Field>) -> u32 {
        deepest(self.ast[fields].iter().map(|field| match *field {
            Field::Named { key: FieldKey::Computed(key), value, .. } => {
                self.depth(key).max(self.depth(value))
            }
            Field::Named { value, .. }
            | Field::Shorthand { value, .. }
            | Field::Spread { value, .. } => self.depth(value),
        }))
    }

    fn clauses_depth(&self, clauses: List<HandlerClause>) -> u32 {
        deepest(self.ast[clauses].iter().map(|clause| {
            let head = match clause.head {
                HandlerHead::Operation { params, .. } => self.params_depth(params),
                HandlerHead::Return { pat } => self.pat_depth(pat),
            };
            head.max(self.body_depth(clause.body))
        }))
    }

    fn params_depth(&self, params: List<Param>) -> u32 {
        deepest(self.ast[params].iter().map(|param| {
            let annotation = param.annotation.map_or(0, |id| self.type_depth(id));
            self.pat_depth(param.pat).max(self.optional(param.default)).max(annotation)
        }))
    }

    fn uncertain_depth(&self, id: UncertainId) -> u32 {
        let uncertain = self.ast[id];
        let branches = self.ast[uncertain.branches].iter();
        let branches = deepest(branches.map(|Branch { body, .. }| self.body_depth(*body)));
        branches.max(self.depth(uncertain.condition)).max(self.optional(uncertain.bands))
    }

    fn head_depth(&self, id: ForHeadId) -> u32 {
        let head = self.ast[id];
        let stmts = [head.init, head.update].into_iter().flatten();
        let stmts = deepest(stmts.map(|id| self.depths.stmt(id).into()));
        stmts.max(self.optional(head.condition))
    }

    pub(super) fn depth_of_function(&self, function: &Function) -> u16 {
        let parts = [
            self.params_depth(function.params),
            function.result.map_or(0, |id| self.type_depth(id)),
            self.optional(function.confidence),
            self.body_depth(function.body),
        ];
        deepest(parts) as u16
    }

    pub(super) fn depth_of_stmt(&self, kind: StmtKind) -> u32 {
        let block = |id| self.block_depth(id);
        let deepest = match kind {
            StmtKind::Error | StmtKind::Break | StmtKind::Continue => return 0,
            StmtKind::Import(_) | StmtKind::ExportNames { .. } | StmtKind::ExportAll { .. } => {
                return 0;
            }
            StmtKind::Expr(id) | StmtKind::Throw(id) => self.depth(id),
            StmtKind::Return(id) => self.optional(id),
            StmtKind::Let { declarators, .. } => deepest(self.ast[declarators].iter().map(|d| {
                let annotation = d.annotation.map_or(0, |id| self.type_depth(id));
                self.pat_depth(d.pat).max(annotation).max(self.optional(d.init))
            })),
            StmtKind::Assign { target, value, .. } => self.depth(target).max(self.depth(value)),
            StmtKind::AssignPattern { pat, value } => self.pat_depth(pat).max(self.depth(value)),
            StmtKind::Update { target, .. } => self.depth(target),
            StmtKind::Function(id) => self.function_depth(id),
            StmtKind::Block(id) => block(id),
            StmtKind::If { condition, then, otherwise } => {
                self.depth(condition).max(block(then)).max(otherwise.map_or(0, block))
            }
            StmtKind::While { condition, body } | StmtKind::DoWhile { body, condition } => {
                self.depth(condition).max(block(body))
            }
            StmtKind::For { head, body } => self.head_depth(head).max(block(body)),
            StmtKind::ForIn { pat, subject, body, .. } => {
                self.pat_depth(pat).max(self.depth(subject)).max(block(body))
            }
            StmtKind::UncertainIf(id) | StmtKind::UncertainWhile(id) => self.uncertain_depth(id),
            StmtKind::UncertainFor { head, uncertain } => {
                self.head_depth(head).max(self.uncertain_depth(uncertain))
            }
            StmtKind::Switch { subject, cases } => {
                let cases = self.ast[cases].iter();
                let cases = cases.map(|case| self.optional(case.test).max(block(case.body)));
                deepest(cases).max(self.depth(subject))
            }
            StmtKind::Try { body, catch, finally } => {
                let catch = catch.map_or(0, |catch| {
                    block(catch.body).max(catch.pat.map_or(0, |id| self.pat_depth(id)))
                });
                block(body).max(catch).max(finally.map_or(0, block))
            }
            StmtKind::InContext { body, .. }
            | StmtKind::Pattern { body, .. }
            | StmtKind::Test { body, .. } => block(body),
            StmtKind::Agents(agents) | StmtKind::Agent(agents) => {
                let agents = self.ast[agents].iter();
                deepest(agents.map(|AgentDecl { fields, .. }| self.fields_depth(*fields)))
            }
            StmtKind::TypeAlias { ty, .. } => self.type_depth(ty),
            StmtKind::Effect { operations, .. } => deepest(self.ast[operations].iter().map(|op| {
                let result = op.result.map_or(0, |id| self.type_depth(id));
                self.params_depth(op.params).max(result)
            })),
            StmtKind::Export(id) | StmtKind::ExportDefault(id) => self.depths.stmt(id).into(),
        };
        deepest + 1
    }

    pub(super) fn depth_of_pat(&self, kind: PatKind, threshold: Option<ExprId>) -> u32 {
        let deepest = match kind {
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Hole
            | PatKind::Name(_)
            | PatKind::Number { .. }
            | PatKind::Text { .. }
            | PatKind::Bool(_)
            | PatKind::Null => 0,
            PatKind::Place(id) => self.depth(id),
            PatKind::Array(elements) => deepest(
                self.ast[elements]
                    .iter()
                    .map(|e| self.pat_depth(e.pat).max(self.optional(e.default))),
            ),
            PatKind::Object(fields) => deepest(
                self.ast[fields]
                    .iter()
                    .map(|f| self.pat_depth(f.pat).max(self.optional(f.default))),
            ),
            PatKind::Or(pats) => deepest(self.ast[pats].iter().map(|id| self.pat_depth(*id))),
        };
        deepest.max(self.optional(threshold)) + 1
    }

    pub(super) fn depth_of_type(&self, kind: TypeKind) -> u32 {
        let list =
            |types: List<TypeId>| deepest(self.ast[types].iter().map(|id| self.type_depth(*id)));
        let deepest = match kind {
            TypeKind::Error
            | TypeKind::Null
            | TypeKind::Bool(_)
            | TypeKind::Number
            | TypeKind::Text(_) => return 0,
            TypeKind::Name { args, .. } => list(args),
            TypeKind::Paren(id) | TypeKind::Array(id) | TypeKind::Confident { base: id, .. } => {
                self.type_depth(id)
            }
            TypeKind::Tuple(types) | TypeKind::Union(types) => list(types),
            TypeKind::Object { fields, .. } => {
                deepest(self.ast[fields].iter().map(|field| self.type_depth(field.ty)))
            }
            TypeKind::Function { params, result, .. } => {
                let params = self.ast[params].iter().map(|param| self.type_depth(param.ty));
                deepest(params).max(self.type_depth(result))
            }
        };
        deepest + 1
    }
}
