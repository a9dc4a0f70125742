//! Where a name is declared.

use prism_hir::body::{ExprKind, Name, Text};
use prism_hir::{body, resolve_export};
use prism_project::RootDb;
use prism_source::SourceFile;
use prism_span::Span;

use crate::declared::{self, Target};
use crate::spot::{Spot, What, spot};

/// The word at a byte, and the declaration it leads to. Nothing for what is declared nowhere,
/// such as a built-in of the machine or a name of the host.
pub fn definition(db: &RootDb, file: SourceFile, at: u32) -> Option<(Span, Target)> {
    let spot = spot(db, file, at)?;
    Some((spot.span, target(db, file, &spot)?))
}

pub(crate) fn target<'db>(db: &'db RootDb, file: SourceFile, spot: &Spot<'db>) -> Option<Target> {
    match &spot.what {
        What::Name { item, name, .. } => declared::of_name(db, *item, name),
        What::Local { item, local } => declared::of_name(db, *item, &Name::Local(*local)),
        What::Member { item, object, .. } => {
            let name = Text::from(spot.word.as_str());
            match &body(db, *item).exprs[*object].kind {
                ExprKind::Name(Name::Namespace { module }) => {
                    let from = declared::by_path(db, module)?;
                    declared::of_definition(db, &resolve_export(db, from, &name)?)
                }
                _ => None,
            }
        }
        What::Operation(name) => declared::of_operation(db, file, name),
        What::Effect => declared::of_effect(db, file, &spot.word),
        What::Import { specifier, name } => {
            declared::of_import(db, file, specifier, name.as_deref())
        }
        What::Type => declared::of_type(db, file, &spot.word),
        What::Declared(symbol) => Some(Target::symbol(file, symbol)),
        What::String | What::Other => None,
    }
}
