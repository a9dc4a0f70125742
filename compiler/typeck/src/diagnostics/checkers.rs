//! Edits that give a value the level that is demanded of it.

use prism_diagnostics::{Diagnostic, Edit};
use prism_hir::body::{ExprId, ExprKind, TypeRef};
use prism_hir::{Binding, Item, ItemKind, item_tree, module_scope};
use prism_source::{Db, SourceFile};

use super::Words;
use crate::confidence::Level;
use crate::types::Text;

/// A function that vouches for what it is given.
pub(super) struct Checker {
    name: Text,
    /// What follows the value in the call.
    rest: &'static str,
    needs_import: bool,
}

/// The one function of the file that gives this level and bound; for what a person may decide,
/// otherwise `approved` of the standard library.
pub(super) fn checker(db: &dyn Db, item: Item<'_>, required: Level, bound: f64) -> Option<Checker> {
    let file = item.file(db);
    let gives = |result: &TypeRef| match result {
        TypeRef::Confident { at_least, level: Some(level), .. } => {
            Level::from(*level) >= required && at_least.value() >= bound
        }
        _ => false,
    };
    let mut fitting = item_tree(db, file).items.iter().filter(|other| {
        let signature = other.signature(db);
        **other != item
            && other.kind(db) == ItemKind::Function
            && signature.arity().0 == 1
            && signature.result.as_ref().is_some_and(gives)
    });
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => {
            Some(Checker { name: only.name(db).clone(), rest: "", needs_import: false })
        }
        (None, _) if required <= Level::Reviewed => approved(db, file),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

const CONTROL: &str = "@prism/control";

fn approved(db: &dyn Db, file: SourceFile) -> Option<Checker> {
    let checker = |needs_import| {
        Some(Checker { name: "approved".into(), rest: ", \"is this right?\"", needs_import })
    };
    match module_scope(db, file).names.get("approved") {
        None => checker(true),
        Some(Binding::Import { name, module, .. }) => {
            let is_it = &**name == "approved" && module.contains("control");
            if is_it { checker(false) } else { None }
        }
        Some(_) => None,
    }
}

impl Words<'_> {
    /// The fix that lets the only possible function vouch for a value.
    pub(super) fn with_checker(
        &self,
        diagnostic: Diagnostic,
        value: ExprId,
        required: Level,
        bound: f64,
    ) -> Diagnostic {
        let Some(checker) = (self.checkers)(required, bound) else { return diagnostic };
        let at = self.expr(value);
        let text = self.source(at);
        if text.is_empty() {
            return diagnostic;
        }
        let Checker { name, rest, needs_import } = checker;
        let mut edits = vec![Edit::replace(at, format!("{name}({text}{rest})"))];
        if needs_import {
            let import = format!("import {{ {name} }} from \"{CONTROL}\"\n");
            edits.push(Edit::insert(self.file, self.start_of_code(), import));
        }
        diagnostic.with_fix(format!("check it with `{name}`"), edits)
    }

    /// What of a condition somebody has to vouch for: of a gate, the value.
    pub(super) fn decisive(&self, condition: ExprId) -> ExprId {
        match &self.body.exprs[condition].kind {
            ExprKind::Gate { value, .. } => *value,
            _ => condition,
        }
    }

    /// The line behind the comments at the start of the file.
    fn start_of_code(&self) -> u32 {
        let mut at = 0;
        let mut is_comment = false;
        for line in self.text.split_inclusive('\n') {
            let words = line.trim();
            is_comment |= words.starts_with("/*");
            let is_over = !is_comment && !words.is_empty() && !words.starts_with("//");
            if is_over && !words.starts_with("#!") {
                break;
            }
            is_comment &= !words.ends_with("*/");
            at += line.len();
        }
        at as u32
    }

    /// The fix that declares the level in the head of the function: `: any ~>= 0.9 verified`.
    pub(super) fn with_declared_level(
        &self,
        diagnostic: Diagnostic,
        bound: &str,
        claimed: Level,
    ) -> Diagnostic {
        let Some(head) = self.head() else { return diagnostic };
        let (at, text) = match head.result {
            None => (head.end_of_params, format!(": any ~>= {bound} {claimed}")),
            Some((result, end)) if result.contains("~>=") => (end, format!(" {claimed}")),
            Some((_, end)) => (end, format!(" ~>= {bound} {claimed}")),
        };
        diagnostic.with_fix(
            format!("declare the result `{claimed}`"),
            vec![Edit::insert(self.file, at, text)],
        )
    }

    /// The head of the function that the words are about, when it is plainly written.
    fn head(&self) -> Option<Head<'_>> {
        let start = self.layout.absolute(prism_span::RelSpan::default()).start as usize;
        let text = self.text.get(start..)?;
        let open = text.find('(')?;
        let is_plain = |c: char| !matches!(c, '"' | '\'' | '`' | '{' | '/');
        let mut depth = 0;
        let mut end_of_params = None;
        for (offset, c) in text[open..].char_indices() {
            if !is_plain(c) {
                return None;
            }
            depth += i32::from(c == '(') - i32::from(c == ')');
            if depth == 0 {
                end_of_params = Some(open + offset + 1);
                break;
            }
        }
        let end = end_of_params?;
        let rest = &text[end..];
        let body = rest.find('{')?;
        let between = &rest[..body];
        let between = between.find(" uses ").map_or(between, |at| &between[..at]);
        if between.contains('\n') || between.contains('~') && !between.contains("~>=") {
            return None;
        }
        let words = between.trim_end();
        let result = words
            .trim_start()
            .strip_prefix(':')
            .map(|result| (result, (start + end + words.len()) as u32));
        if result.is_none() && !words.trim().is_empty() {
            return None;
        }
        Some(Head { end_of_params: (start + end) as u32, result })
    }
}

struct Head<'t> {
    end_of_params: u32,
    /// The declared result and where it ends.
    result: Option<(&'t str, u32)>,
}
