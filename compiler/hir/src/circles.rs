//! Declared types that stand for nothing but themselves: `type A = A`, `type A = B | null` with
//! `type B = A`. What holds itself in an object, an array or a function is a type.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::body::{Text, TypeRef};
use crate::tree::TypeDef;

/// The circles among the types of a file, each once, from its first member on.
pub(crate) fn of(defs: &[&TypeDef]) -> Vec<Vec<usize>> {
    let by_name = defs.iter().enumerate().map(|(at, def)| (&def.name, at));
    let search = Search { defs, by_name: by_name.rev().collect() };
    let next: Vec<Vec<usize>> = defs.iter().map(|def| search.bare(def)).collect();
    let mut reported = FxHashSet::default();
    let mut found = Vec::new();
    for start in 0..defs.len() {
        if !reported.contains(&start)
            && let Some(circle) = circle_from(start, &next)
        {
            reported.extend(circle.iter().copied());
            found.push(circle);
        }
    }
    found
}

/// The shortest way from a type back to it.
fn circle_from(start: usize, next: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut from: FxHashMap<usize, usize> = FxHashMap::default();
    let mut open = std::collections::VecDeque::from([start]);
    while let Some(at) = open.pop_front() {
        for to in &next[at] {
            if *to == start {
                let back = std::iter::successors(Some(at), |at| from.get(at).copied());
                let mut circle: Vec<usize> = back.collect();
                circle.reverse();
                return Some(circle);
            }
            if !from.contains_key(to) {
                from.insert(*to, at);
                open.push_back(*to);
            }
        }
    }
    None
}

struct Search<'a> {
    defs: &'a [&'a TypeDef],
    by_name: FxHashMap<&'a Text, usize>,
}

impl Search<'_> {
    /// The declared types that a type is, without anything around them.
    fn bare(&self, of: &TypeDef) -> Vec<usize> {
        let mut names = Vec::new();
        bare_names(&of.ty, &mut names);
        let mut found: Vec<usize> = Vec::new();
        let mut at = 0;
        // `Id<A>` of `type Id<T> = T` is A.
        while at < names.len() {
            let (name, args) = names[at];
            at += 1;
            let Some(&def) = self.by_name.get(name) else { continue };
            if of.params.contains(name) || found.contains(&def) {
                continue;
            }
            found.push(def);
            let mut inner = Vec::new();
            bare_names(&self.defs[def].ty, &mut inner);
            for (param, arg) in self.defs[def].params.iter().zip(args) {
                if inner.iter().any(|(name, _)| *name == param) {
                    bare_names(arg, &mut names);
                }
            }
        }
        found
    }
}

fn bare_names<'t>(ty: &'t TypeRef, names: &mut Vec<(&'t Text, &'t [TypeRef])>) {
    match ty {
        TypeRef::Named { name, args } if &**name == "Promise" => {
            args.iter().for_each(|arg| bare_names(arg, names));
        }
        TypeRef::Named { name, args } => names.push((name, args)),
        TypeRef::Union(members) => members.iter().for_each(|member| bare_names(member, names)),
        TypeRef::Confident { base, .. } => bare_names(base, names),
        TypeRef::Error
        | TypeRef::Any
        | TypeRef::Number
        | TypeRef::Text
        | TypeRef::Secret
        | TypeRef::Boolean
        | TypeRef::Null
        | TypeRef::TextLiteral(_)
        | TypeRef::NumberLiteral(_)
        | TypeRef::BoolLiteral(_)
        | TypeRef::Array(_)
        | TypeRef::Tuple(_)
        | TypeRef::Object { .. }
        | TypeRef::Function { .. } => {}
    }
}
