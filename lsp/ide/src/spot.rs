//! What stands at a byte of a file.

use prism_hir::body::{ExprId, ExprKind, LocalId, LocalKind, Name, Text};
use prism_hir::{Item, body, body_spans, item_tree};
use prism_project::RootDb;
use prism_source::{SourceFile, parse};
use prism_span::Span;
use prism_syntax::ast::{self, Ast, StmtKind};
use prism_syntax::literal;

use crate::symbols::{Symbol, all_symbols};

/// A word of a file, and what it is.
#[derive(Debug)]
pub(crate) struct Spot<'db> {
    pub span: Span,
    pub word: String,
    pub what: What<'db>,
}

#[derive(Debug)]
pub(crate) enum What<'db> {
    /// A name in a body.
    Name {
        item: Item<'db>,
        at: ExprId,
        name: Name,
    },
    /// A variable where it is declared.
    Local {
        item: Item<'db>,
        local: LocalId,
    },
    /// The name after the dot of `at`, a member or a method call.
    Member {
        item: Item<'db>,
        at: ExprId,
        object: ExprId,
    },
    /// An operation of an effect, `agent.call`, or one of its two words.
    Operation(Text),
    /// The name of an effect.
    Effect,
    /// An import: of a name of the module, or of all of it.
    Import {
        specifier: Text,
        name: Option<Text>,
    },
    Type,
    /// The name of a declaration.
    Declared(Symbol),
    /// The words inside a string.
    String,
    /// A keyword, an operator, or nothing known.
    Other,
}

/// The word or operator at a byte; `None` in comments and between words.
pub(crate) fn spot(db: &RootDb, file: SourceFile, at: u32) -> Option<Spot<'_>> {
    let (parsed, text) = (parse(db, file), file.text(db));
    if parsed.comments.iter().any(|span| span.contains(at)) {
        return None;
    }
    let ast = &parsed.tree.ast();
    if let Some(spot) = string(ast, text, at) {
        return Some(spot);
    }
    let span = word_at(text, at).or_else(|| operator_at(text, at))?;
    let word = span.slice(text);
    let what = import(ast, text, span)
        .or_else(|| type_or_effect(ast, text, span))
        .or_else(|| in_bodies(db, file, span, word))
        .or_else(|| {
            let declared = all_symbols(db, file).into_iter().find(|one| one.name_span == span);
            declared.map(What::Declared)
        });
    Some(Spot { span, word: word.to_owned(), what: what.unwrap_or(What::Other) })
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word that holds a byte, or that ends there.
pub(crate) fn word_at(text: &str, at: u32) -> Option<Span> {
    let at = text.floor_char_boundary(at as usize);
    let start = word_start(text, at);
    let rest = text[at..].find(|c| !is_part(c)).map_or(text.len(), |end| at + end);
    let word = text.get(start..rest).filter(|word| !word.is_empty())?;
    let is_name = !word.starts_with(|c: char| c.is_ascii_digit());
    is_name.then(|| Span::new(start as u32, rest as u32))
}

/// Where the word that ends at a byte begins.
pub(crate) fn word_start(text: &str, at: usize) -> usize {
    let before = text[..at].char_indices().rev().take_while(|(_, c)| is_part(*c));
    before.last().map_or(at, |(start, _)| start)
}

/// The operator around a byte, `~>` in `a ~> 0.5`.
fn operator_at(text: &str, at: u32) -> Option<Span> {
    let is_sign = |byte: &u8| b"~><?|&=@.+-*/!:".contains(byte);
    let (bytes, at) = (text.as_bytes(), at as usize);
    let before = bytes[..at.min(bytes.len())].iter().rev().take_while(|byte| is_sign(byte));
    let start = at - before.count();
    let end = at + bytes.get(at..)?.iter().take_while(|byte| is_sign(byte)).count();
    (start < end).then(|| Span::new(start as u32, end as u32))
}

/// A string that holds the byte between its quotes.
fn string<'db>(ast: &Ast, text: &str, at: u32) -> Option<Spot<'db>> {
    let inside = |span: Span| span.start < at && at < span.end;
    for (path, specifier) in paths(ast) {
        if inside(path) {
            let specifier = literal::string(specifier.span.slice(text)).into();
            let what = What::Import { specifier, name: None };
            return Some(Spot { span: path, word: path.slice(text).to_owned(), what });
        }
    }
    let holding = ast.exprs.values().filter(|expr| inside(expr.span));
    let smallest = holding.min_by_key(|expr| expr.span.len())?;
    let is_text = match smallest.kind {
        ast::ExprKind::Text(_) => true,
        ast::ExprKind::Template { parts, .. } => ast[parts].iter().any(|part| match part {
            ast::TemplatePart::Text(span) => span.start <= at && at < span.end,
            ast::TemplatePart::Expr(_) => false,
        }),
        _ => false,
    };
    let span = smallest.span;
    is_text.then(|| Spot { span, word: span.slice(text).to_owned(), what: What::String })
}

/// The paths of imports and re-exports.
fn paths(ast: &Ast) -> impl Iterator<Item = (Span, ast::StringLit)> {
    let imports = ast.imports.values().map(|import| import.path);
    let exports = ast.stmts.values().filter_map(|stmt| match stmt.kind {
        StmtKind::ExportNames { from, .. } => from,
        StmtKind::ExportAll { from, .. } => Some(from),
        _ => None,
    });
    imports.chain(exports).map(|path| (path.span, path))
}

/// A name that an import or a re-export brings in.
fn import<'db>(ast: &Ast, text: &str, word: Span) -> Option<What<'db>> {
    let is_word = |name: ast::Name| name.span == word;
    let import = |path: ast::StringLit, name: Option<&str>| {
        let specifier = literal::string(path.span.slice(text)).into();
        Some(What::Import { specifier, name: name.map(Text::from) })
    };
    for one in ast.imports.values() {
        if one.default.is_some_and(is_word) {
            return import(one.path, Some("default"));
        }
        if one.namespace.is_some_and(is_word) {
            return import(one.path, None);
        }
        let names = &ast[one.names];
        let named = names.iter().find(|one| is_word(one.name) || one.alias.is_some_and(is_word));
        if let Some(named) = named {
            return import(one.path, Some(named.name.text(text)));
        }
    }
    ast.stmts.values().find_map(|stmt| {
        let StmtKind::ExportNames { names, from: Some(from) } = stmt.kind else { return None };
        let names = &ast[names];
        let named = names.iter().find(|one| is_word(one.name) || one.alias.is_some_and(is_word))?;
        import(from, Some(named.name.text(text)))
    })
}

fn type_or_effect<'db>(ast: &Ast, text: &str, word: Span) -> Option<What<'db>> {
    let is_type = |ty: &ast::Type| match ty.kind {
        ast::TypeKind::Name { name, .. } => name.span == word,
        _ => false,
    };
    if ast.types.values().any(is_type) {
        return Some(What::Type);
    }
    let is_used = |function: &ast::Function| {
        let names = function.uses.map(|uses| &ast[uses.names]);
        names.is_some_and(|names| names.iter().any(|name| name.span == word))
    };
    if ast.functions.values().any(is_used) {
        return Some(What::Effect);
    }
    ast.exprs.values().find_map(|expr| {
        let ast::ExprKind::Handle { clauses, .. } = expr.kind else { return None };
        ast[clauses].iter().find_map(|clause| match clause.head {
            ast::HandlerHead::Operation { effect, operation, .. } => {
                let is_here = effect.span == word || operation.is_some_and(|op| op.span == word);
                let end = operation.map_or(effect.span, |operation| operation.span);
                is_here.then(|| What::Operation(effect.span.to(end).slice(text).into()))
            }
            ast::HandlerHead::Return { .. } => None,
        })
    })
}

/// What a word is in the body that holds it.
fn in_bodies<'db>(db: &'db RootDb, file: SourceFile, span: Span, word: &str) -> Option<What<'db>> {
    let mut smallest: Option<(u32, What<'db>)> = None;
    for item in item_tree(db, file).bodies() {
        let (body, spans, layout) = (body(db, item), body_spans(db, item), item.layout(db));
        for (local, declared) in body.locals.iter() {
            let is_own = matches!(
                declared.kind,
                LocalKind::Let | LocalKind::Const | LocalKind::Param | LocalKind::Implicit
            );
            let here = || layout.absolute(spans.local(local));
            if is_own && *declared.name == *word && here() == span {
                return Some(What::Local { item, local });
            }
        }
        for (at, expr) in body.exprs.iter() {
            let here = layout.absolute(spans.expr(at));
            if !here.contains_span(span) || smallest.as_ref().is_some_and(|(n, _)| *n <= here.len())
            {
                continue;
            }
            let what = match &expr.kind {
                ExprKind::Name(name) if here == span => What::Name { item, at, name: name.clone() },
                ExprKind::Member { object, name, .. }
                | ExprKind::MethodCall { object, name, .. }
                    if **name == *word
                        && layout.absolute(spans.expr(*object)).end <= span.start =>
                {
                    What::Member { item, at, object: *object }
                }
                ExprKind::Perform { effect, .. } if effect.split('.').any(|part| part == word) => {
                    What::Operation(effect.clone())
                }
                _ => What::Other,
            };
            smallest = Some((here.len(), what));
        }
    }
    smallest.map(|(_, what)| what).filter(|what| !matches!(what, What::Other))
}
