//! The table of built-in names against the prelude that implements some of them.

use std::collections::BTreeSet;

use prism_hir::builtins::{EFFECTS, Kind, MEMBERS, NAMES};
use prism_hir::{item_tree, prelude_names, resolve_export};
use prism_project::{RootDb, check_file};
use prism_source::{Db, PRELUDE};

#[test]
fn the_prelude_exports_what_the_table_promises() {
    let db = RootDb::new();
    let prelude = db.file(PRELUDE).expect("the standard library has a prelude");
    for row in NAMES.iter().filter(|row| row.kind == Kind::Prelude) {
        let found = resolve_export(&db, prelude, &row.name.replace('.', "_"));
        let found = found.unwrap_or_else(|| panic!("the prelude does not export {}", row.name));
        let file = db.file(&found.module).expect("the module that declares it");
        let item = item_tree(&db, file).function(&db, &found.name).expect("a function");
        let (least, most) = item.signature(&db).arity();
        assert_eq!(least, usize::from(row.least), "{}", row.name);
        // A rest parameter may only serve to tell a missing argument from null.
        assert!(most.is_none() || most == row.most.map(usize::from), "{}", row.name);
    }
}

#[test]
fn the_specification_explains_every_built_in() {
    let chapters = [
        include_str!("../../../spec/builtins.md"),
        include_str!("../../../spec/effects.md"),
        include_str!("../../../spec/header.md"),
    ];
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words: BTreeSet<&str> =
        chapters.iter().flat_map(|page| page.split(|c| !is_part(c))).collect();
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    let names = NAMES.iter().map(|row| row.name).chain(MEMBERS.iter().map(|row| row.name));
    let missing: Vec<&str> = names.filter(|name| !words.contains(last(name))).collect();
    assert_eq!(missing, [] as [&str; 0]);
    // Operations that no host serves yet are named with their family.
    let has = |effect: &str| {
        let family = effect.split('.').next().unwrap_or(effect);
        chapters.iter().any(|page| page.contains(effect) || page.contains(&format!("`{family}.*`")))
    };
    let missing: Vec<&str> = EFFECTS.iter().map(|op| op.name).filter(|name| !has(name)).collect();
    assert_eq!(missing, [] as [&str; 0]);
}

#[test]
fn names_for_the_compiler_are_not_visible() {
    let db = RootDb::new();
    let names = prelude_names(&db);
    assert!(names.contains_key("map") && names.contains_key("parallel"));
    assert!(!names.contains_key("Promise_all") && !names.contains_key("host_agentResults"));
}

#[test]
fn the_standard_library_has_no_mistakes() {
    let db = RootDb::new();
    for (path, file) in db.files().by_path(&db).iter() {
        assert_eq!(*check_file(&db, *file), Vec::new(), "{path}");
    }
}
