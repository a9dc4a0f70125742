//! Statements, blocks and functions.

use prism_span::Span;

use super::{
    BlockId, ExprId, Field, ForHeadId, FunctionId, ImportId, List, Name, PatId, StmtId, StringLit,
    TypeId, UncertainId,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stmt {
    pub kind: StmtKind,
    /// Without the separator after it.
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StmtKind {
    /// Not readable; reported. The names in its span are listed in [`crate::Parse::broken`].
    Error,
    Expr(ExprId),
    /// `let a = 1, b`: one or more declarators.
    Let {
        kind: DeclKind,
        declarators: List<Declarator>,
    },
    /// `target op value`, where the target is a name, a member or an index
    /// (or an `Error` expression: other targets are reported).
    Assign {
        op: AssignOp,
        op_span: Span,
        target: ExprId,
        value: ExprId,
    },
    /// `[a, b] = e`, `{a} ~> 0.5 = e`.
    AssignPattern {
        pat: PatId,
        value: ExprId,
    },
    /// `x++`, `x--`, `++x`, `--x`.
    Update {
        target: ExprId,
        is_increment: bool,
        op_span: Span,
    },
    Function(FunctionId),
    Block(BlockId),
    If {
        condition: ExprId,
        then: BlockId,
        otherwise: Option<BlockId>,
    },
    While {
        condition: ExprId,
        body: BlockId,
    },
    DoWhile {
        body: BlockId,
        condition: ExprId,
    },
    /// `for init; condition; update { … }`
    For {
        head: ForHeadId,
        body: BlockId,
    },
    /// `for x in e`, `for x, i in e`, `for (const x of e)`.
    ForIn {
        /// `for (const x …)`; a bare name is a variable of the loop all the same.
        declared: Option<DeclKind>,
        is_of: bool,
        pat: PatId,
        index: Option<Name>,
        subject: ExprId,
        body: BlockId,
    },
    UncertainIf(UncertainId),
    UncertainWhile(UncertainId),
    UncertainFor {
        head: ForHeadId,
        uncertain: UncertainId,
    },
    Switch {
        subject: ExprId,
        cases: List<SwitchCase>,
    },
    Try {
        body: BlockId,
        catch: Option<Catch>,
        finally: Option<BlockId>,
    },
    Throw(ExprId),
    Return(Option<ExprId>),
    Break,
    Continue,
    /// `in context name { … } -> shift`; each name is an identifier or a string with its quotes.
    InContext {
        name: Name,
        body: BlockId,
        shift: Option<Name>,
    },
    /// `agents { Name: Agent { … } … }`
    Agents(List<AgentDecl>),
    /// `agent Name { … }`: a list of one.
    Agent(List<AgentDecl>),
    /// `pattern Name { … }`
    Pattern {
        name: Name,
        body: BlockId,
    },
    /// `type Vote<T> = …`
    TypeAlias {
        name: Name,
        params: List<Name>,
        ty: TypeId,
    },
    /// `effect audit { record(entry: any): null }`
    Effect {
        name: Name,
        /// The word `irreversible` before it.
        irreversible: Option<Span>,
        operations: List<EffectOp>,
    },
    /// `test "name" { … }`
    Test {
        name: StringLit,
        body: BlockId,
    },
    Import(ImportId),
    /// `export let …`, `export function …`, `export x = …`, `export type …`, …
    Export(StmtId),
    /// `export default …`: an expression statement or a function.
    ExportDefault(StmtId),
    /// `export { a, b as c }`, with `from "p"` or without.
    ExportNames {
        names: List<ExportName>,
        from: Option<StringLit>,
    },
    /// `export * from "p"`, `export * as n from "p"`.
    ExportAll {
        alias: Option<Name>,
        from: StringLit,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeclKind {
    Let,
    Const,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declarator {
    pub pat: PatId,
    pub annotation: Option<TypeId>,
    pub init: Option<ExprId>,
}

/// The operator before the `=` of an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssignOp {
    /// `=`
    Plain,
    /// `+=`, `~+=`, `??=`, …: `x op= e` is `x = x op e`.
    Compound(super::BinaryOp),
}

/// Statements in braces, or the single statement of an `if` without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub stmts: List<StmtId>,
    pub is_braced: bool,
    /// With the braces.
    pub span: Span,
}

/// What an arrow, an arm, a branch or a clause does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    Block(BlockId),
    Expr(ExprId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// `None` for arrows and anonymous functions.
    pub name: Option<Name>,
    pub style: FunctionStyle,
    pub is_async: bool,
    pub type_params: List<Name>,
    pub params: List<Param>,
    pub result: Option<TypeId>,
    pub uses: Option<Uses>,
    /// `function f() ~> k { … }`
    pub confidence: Option<ExprId>,
    pub body: Body,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FunctionStyle {
    /// `function f() { }` and `fn f() { }`.
    Keyword,
    /// `x => e`
    Arrow,
    /// `{ f() { } }`
    Method,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    pub pat: PatId,
    pub annotation: Option<TypeId>,
    pub default: Option<ExprId>,
    pub is_rest: bool,
    pub span: Span,
}

/// `uses agent, http`; no names for `uses none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uses {
    pub names: List<Name>,
    pub span: Span,
}

/// `init; condition; update`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForHead {
    pub init: Option<StmtId>,
    pub condition: Option<ExprId>,
    pub update: Option<StmtId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchCase {
    /// `None` is `default`.
    pub test: Option<ExprId>,
    pub body: BlockId,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Catch {
    pub pat: Option<PatId>,
    pub body: BlockId,
}

/// `Name: Agent { key: value, … }`, or `agent Name { … }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentDecl {
    pub name: Name,
    pub fields: List<Field>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectOp {
    pub name: Name,
    pub params: List<Param>,
    pub result: Option<TypeId>,
    pub span: Span,
}

/// `import default, * as namespace, { names } from "path"`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Import {
    pub default: Option<Name>,
    pub namespace: Option<Name>,
    pub names: List<ImportName>,
    pub path: StringLit,
}

/// `name`, or `name as alias`; `name` may be `default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportName {
    pub name: Name,
    pub alias: Option<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportName {
    pub name: Name,
    pub alias: Option<Name>,
}
