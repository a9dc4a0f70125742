//! Types of other modules: the names inside their declarations belong to those modules.
//!
//! `import { Vote } from "./types"` makes `Vote` a name of the importer, and what stands in its
//! declaration names of `types`. Those become `path#Name` when the declaration is expanded.

use prism_hir::body::{Text, TypeField, TypeRef};
use prism_source::{Db, SourceFile};

/// The file and the name that a possibly qualified name means in `file`.
pub(super) fn split<'n>(db: &dyn Db, file: SourceFile, name: &'n str) -> (SourceFile, &'n str) {
    let Some((path, local)) = name.rsplit_once('#') else { return (file, name) };
    let found = db.files().by_path(db).get(path).copied();
    (found.unwrap_or(file), local)
}

/// A type as another module must read it. `params` stay as they are.
pub(super) fn qualified(db: &dyn Db, home: SourceFile, params: &[Text], ty: &TypeRef) -> TypeRef {
    Qualify { path: home.path(db), params }.ty(ty)
}

struct Qualify<'a> {
    path: &'a str,
    params: &'a [Text],
}

impl Qualify<'_> {
    fn ty(&self, ty: &TypeRef) -> TypeRef {
        match ty {
            TypeRef::Named { name, args } => {
                let is_local = self.params.contains(name) || name.contains('#');
                let name = if is_local || is_builtin(name) {
                    name.clone()
                } else {
                    format!("{}#{name}", self.path).into()
                };
                TypeRef::Named { name, args: self.all(args) }
            }
            TypeRef::Array(element) => TypeRef::Array(Box::new(self.ty(element))),
            TypeRef::Tuple(elements) => {
                TypeRef::Tuple(elements.iter().map(|element| self.ty(element)).collect())
            }
            TypeRef::Object { fields, is_open } => {
                let field = |field: &TypeField| TypeField {
                    name: field.name.clone(),
                    optional: field.optional,
                    ty: self.ty(&field.ty),
                };
                TypeRef::Object { fields: fields.iter().map(field).collect(), is_open: *is_open }
            }
            TypeRef::Union(members) => TypeRef::Union(self.all(members)),
            TypeRef::Function { params, rest, result, uses } => TypeRef::Function {
                params: self.all(params),
                rest: *rest,
                result: Box::new(self.ty(result)),
                uses: uses.clone(),
            },
            TypeRef::Confident { base, at_least, level } => TypeRef::Confident {
                base: Box::new(self.ty(base)),
                at_least: *at_least,
                level: *level,
            },
            TypeRef::Error
            | TypeRef::Any
            | TypeRef::Number
            | TypeRef::Text
            | TypeRef::Secret
            | TypeRef::Boolean
            | TypeRef::Null
            | TypeRef::TextLiteral(_)
            | TypeRef::NumberLiteral(_)
            | TypeRef::BoolLiteral(_) => ty.clone(),
        }
    }

    fn all(&self, types: &[TypeRef]) -> Vec<TypeRef> {
        types.iter().map(|ty| self.ty(ty)).collect()
    }
}

/// Names of types that every module has.
fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        "Agent" | "Array" | "List" | "Promise" | "Function" | "Object" | "object" | "Record"
    )
}
