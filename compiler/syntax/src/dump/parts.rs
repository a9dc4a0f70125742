//! Patterns and types.

use super::Dump;
use crate::ast::{PatId, PatKind, TypeId, TypeKind};

impl Dump<'_> {
    pub(super) fn pat(&mut self, id: PatId) {
        let ast = self.ast;
        let pat = ast[id];
        let label = match pat.kind {
            PatKind::Error => "pat error".into(),
            PatKind::Wildcard => "pat _".into(),
            PatKind::Hole => "pat hole".into(),
            PatKind::Name(name) => format!("pat {}", self.name(name)),
            PatKind::Place(_) => "pat place".into(),
            PatKind::Number { literal } | PatKind::Text { literal, .. } => {
                format!("pat {}", self.slice(literal))
            }
            PatKind::Bool(value) => format!("pat {value}"),
            PatKind::Null => "pat null".into(),
            PatKind::Array(_) => "pat array".into(),
            PatKind::Object(_) => "pat object".into(),
            PatKind::Or(_) => "pat or".into(),
        };
        self.node(label, pat.span);
        self.inside(|d| {
            d.pat_parts(pat.kind);
            if let Some(threshold) = pat.threshold {
                d.part("threshold", |d| d.expr(threshold));
            }
        });
    }

    fn pat_parts(&mut self, kind: PatKind) {
        let ast = self.ast;
        match kind {
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Hole
            | PatKind::Name(_)
            | PatKind::Number { .. }
            | PatKind::Text { .. }
            | PatKind::Bool(_)
            | PatKind::Null => {}
            PatKind::Place(place) => self.expr(place),
            PatKind::Array(elements) => {
                for element in &ast[elements] {
                    self.line(if element.is_rest { "rest" } else { "element" });
                    self.inside(|d| {
                        d.pat(element.pat);
                        if let Some(default) = element.default {
                            d.part("default", |d| d.expr(default));
                        }
                    });
                }
            }
            PatKind::Object(fields) => {
                for field in &ast[fields] {
                    match field.key {
                        Some(key) => self.field_key(key),
                        None => self.line("rest"),
                    }
                    self.inside(|d| {
                        d.pat(field.pat);
                        if let Some(default) = field.default {
                            d.part("default", |d| d.expr(default));
                        }
                    });
                }
            }
            PatKind::Or(pats) => {
                for pat in &ast[pats] {
                    self.pat(*pat);
                }
            }
        }
    }

    pub(super) fn ty(&mut self, id: TypeId) {
        let ty = self.ast[id];
        let label = match ty.kind {
            TypeKind::Error => "type error".into(),
            TypeKind::Name { name, .. } => format!("type {}", self.name(name)),
            TypeKind::Null => "type null".into(),
            TypeKind::Bool(value) => format!("type {value}"),
            TypeKind::Number | TypeKind::Text(_) => format!("type {}", self.slice(ty.span)),
            TypeKind::Paren(_) => "type paren".into(),
            TypeKind::Array(_) => "type array".into(),
            TypeKind::Tuple(_) => "type tuple".into(),
            TypeKind::Object { is_open: false, .. } => "type object".into(),
            TypeKind::Object { is_open: true, .. } => "type open object".into(),
            TypeKind::Union(_) => "type union".into(),
            TypeKind::Function { .. } => "type function".into(),
            TypeKind::Confident { at_least, level, .. } => {
                let level = level.map(|level| format!(" {}", level.word()));
                format!("type ~>= {}{}", self.slice(at_least), level.unwrap_or_default())
            }
        };
        self.node(label, ty.span);
        self.inside(|d| d.type_parts(ty.kind));
    }

    fn type_parts(&mut self, kind: TypeKind) {
        let ast = self.ast;
        match kind {
            TypeKind::Error
            | TypeKind::Null
            | TypeKind::Bool(_)
            | TypeKind::Number
            | TypeKind::Text(_) => {}
            TypeKind::Name { args: types, .. }
            | TypeKind::Tuple(types)
            | TypeKind::Union(types) => {
                for ty in &ast[types] {
                    self.ty(*ty);
                }
            }
            TypeKind::Paren(id) | TypeKind::Array(id) | TypeKind::Confident { base: id, .. } => {
                self.ty(id);
            }
            TypeKind::Object { fields, .. } => {
                for field in &ast[fields] {
                    self.field_key(field.key);
                    self.inside(|d| {
                        if field.optional {
                            d.line("optional");
                        }
                        d.ty(field.ty);
                    });
                }
            }
            TypeKind::Function { params, result, uses } => {
                for param in &ast[params] {
                    let name = param.name.map_or(String::new(), |name| self.name(name));
                    let rest = if param.is_rest { "..." } else { "" };
                    let mark = if param.optional { "?" } else { "" };
                    self.line(format!("param {rest}{name}{mark}"));
                    self.inside(|d| d.ty(param.ty));
                }
                self.part("result", |d| d.ty(result));
                if let Some(uses) = uses {
                    self.line(format!("uses {}", self.names(&ast[uses.names])));
                }
            }
        }
    }
}
