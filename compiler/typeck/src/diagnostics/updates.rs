//! The words for methods that would change an array where nothing can take the new one.

use prism_diagnostics::{Code, Diagnostic, Edit, Place};
use prism_hir::body::{ExprId, ExprKind, Name};

use super::{Words, error};

impl Words<'_> {
    /// `xs.push(x)` where `xs` is a constant, or imported.
    pub(super) fn updates_constant(&self, at: Place, method: &str, root: ExprId) -> Diagnostic {
        let name = self.source(at);
        let name_of_root = &self.body.exprs[root].kind;
        if matches!(name_of_root, ExprKind::Name(Name::Import { .. })) {
            let message = format!("`{method}` would change `{name}`, which is imported");
            return error(Code::P0505, at, message)
                .with_help("copy it into a variable of this module");
        }
        let diagnostic =
            error(Code::P0505, at, format!("`{method}` would change `{name}`, a constant"));
        let keyword = match name_of_root {
            ExprKind::Name(Name::Local(local)) => self.spans.keyword(*local),
            _ => None,
        };
        match keyword {
            Some(keyword) => {
                let keyword = self.place(keyword);
                diagnostic
                    .with_place(keyword, "declared as a constant here")
                    .with_fix("make it a variable", vec![Edit::replace(keyword, "let")])
            }
            None => diagnostic.with_help(format!("declare it with `let {name}`")),
        }
    }

    /// `xs.pop()`: the program says which of the two is meant.
    pub(super) fn two_in_one(&self, at: Place, method: &str, place: ExprId) -> Diagnostic {
        let place = self.source(self.expr(place));
        let message = format!("`{method}` would change `{place}` and return something else");
        let (read, change) = match method {
            "pop" => (format!("{place}.at(-1)"), format!("{place} = {place}.slice(0, -1)")),
            "shift" => (format!("{place}.at(0)"), format!("{place} = {place}.slice(1)")),
            _ => (
                format!("{place}.slice(start, start + count)"),
                format!("{place} = {place}.toSpliced(start, count)"),
            ),
        };
        error(Code::P0513, at, message)
            .with_help(format!("to read: `{read}`"))
            .with_help(format!("to remove: `{change}`"))
    }
}
