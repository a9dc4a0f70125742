//! Walks over the statements of a body.

use prism_hir::body::{Block, Body, Branches, ExprKind, Stmt, StmtKind};

/// Calls `visit` for every statement of a body, those of nested functions and of blocks inside
/// expressions included, in no particular order.
pub(crate) fn each_stmt<'b>(body: &'b Body, visit: &mut dyn FnMut(&'b Stmt)) {
    let mut open: Vec<&'b [Stmt]> = vec![&body.root.body.stmts];
    open.extend(body.functions.iter().map(|(_, function)| &*function.body.stmts));
    for (_, expr) in body.exprs.iter() {
        match &expr.kind {
            ExprKind::Block(block) => open.push(&block.stmts),
            ExprKind::Handle { body, clauses, return_clause } => {
                open.push(&body.stmts);
                open.extend(clauses.iter().map(|clause| &*clause.body.stmts));
                open.extend(return_clause.iter().map(|clause| &*clause.body.stmts));
            }
            _ => {}
        }
    }
    while let Some(stmts) = open.pop() {
        for stmt in stmts {
            visit(stmt);
            push_blocks(&stmt.kind, &mut open);
        }
    }
}

fn push_blocks<'b>(kind: &'b StmtKind, open: &mut Vec<&'b [Stmt]>) {
    match kind {
        StmtKind::Block(block)
        | StmtKind::While { body: block, .. }
        | StmtKind::DoWhile { body: block, .. }
        | StmtKind::ForIn { body: block, .. } => open.push(&block.stmts),
        StmtKind::If { then, otherwise, .. } => {
            open.push(&then.stmts);
            open.extend(otherwise.iter().map(|block| &*block.stmts));
        }
        StmtKind::For { init, update, body, .. } => {
            open.extend([&**init, &**update, &*body.stmts]);
        }
        StmtKind::UncertainIf { branches, .. } | StmtKind::UncertainWhile { branches, .. } => {
            push_branches(branches, open);
        }
        StmtKind::UncertainFor { init, update, branches, .. } => {
            open.extend([&**init, &**update]);
            push_branches(branches, open);
        }
        StmtKind::Switch { cases, .. } => {
            open.extend(cases.iter().map(|case| &*case.body.stmts));
        }
        StmtKind::Try { body, catch, finally } => {
            open.push(&body.stmts);
            open.extend(catch.iter().map(|catch| &*catch.body.stmts));
            open.extend(finally.iter().map(|block| &*block.stmts));
        }
        StmtKind::Expr(_)
        | StmtKind::Let { .. }
        | StmtKind::Assign { .. }
        | StmtKind::AssignPattern { .. }
        | StmtKind::Function { .. }
        | StmtKind::Throw(_)
        | StmtKind::Return(_)
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Error => {}
    }
}

fn push_branches<'b>(branches: &'b Branches<Block>, open: &mut Vec<&'b [Stmt]>) {
    let all = [&branches.high, &branches.medium, &branches.low, &branches.default];
    open.extend(all.into_iter().flatten().map(|block| &*block.stmts));
}
