//! Projects that are deep or wide: nothing of what they grow in becomes a deep stack, and the
//! time for them grows no faster than they do.

use std::fmt::Write;

use prism_project::{Edit, RootDb, check, check_file};
use prism_source::SourceFile;

/// `m0` imports from `m1`, that from `m2`, and so on; the last one decides what `f` gives.
fn chain(n: usize, last: &str) -> (RootDb, SourceFile) {
    let mut db = RootDb::new();
    let first = db.set_file(
        "m0.prism",
        "import { f } from \"./m1\"\nuses(f(1))\n\
        function uses(x: number) { return x }\n",
    );
    for i in 1..n {
        let text = format!(
            "import {{ f as next }} from \"./m{}\"\nexport function f(x) {{ return next(x) }}\n",
            i + 1
        );
        db.set_file(&format!("m{i}.prism"), text);
    }
    db.set_file(&format!("m{n}.prism"), last);
    (db, first)
}

const GIVES_NUMBER: &str = "export function f(x) { return 1 }\n";
const GIVES_TEXT: &str = "export function f(x) { return \"one\" }\n";

fn codes(found: &[prism_diagnostics::Diagnostic]) -> Vec<String> {
    found.iter().map(|one| one.code.to_string()).collect()
}

#[test]
fn a_chain_of_imports_is_not_deep() {
    let n = 5_000;
    let (mut db, first) = chain(n, GIVES_NUMBER);
    assert_eq!(codes(check_file(&db, first)), Vec::<String>::new());
    db.edit(&format!("m{n}.prism"), Edit::Text(GIVES_TEXT.into()));
    assert_eq!(codes(check_file(&db, first)), ["P0201"], "the other end of the chain changed");
    db.edit(&format!("m{n}.prism"), Edit::Text(GIVES_NUMBER.into()));
    assert_eq!(codes(&check(&db)), Vec::<String>::new());
}

#[test]
fn a_chain_of_reexports_is_not_deep() {
    let n = 300;
    for reexport in ["export { f } from", "export * from", "import { f } from"] {
        let mut db = RootDb::new();
        let first = db.set_file("m0.prism", "import { f } from \"./m1\"\nprint(f(1, 2))\n");
        for i in 1..n {
            let export = if reexport.starts_with("import") { "export { f }\n" } else { "" };
            let text = format!("{reexport} \"./m{}\"\n{export}", i + 1);
            db.set_file(&format!("m{i}.prism"), text);
        }
        db.set_file(&format!("m{n}.prism"), GIVES_NUMBER);
        assert_eq!(codes(check_file(&db, first)), ["P0203"], "{reexport}: one argument too many");
    }
}

#[test]
fn a_module_may_have_many_functions() {
    let n = 20_000;
    let mut text = String::new();
    for i in 0..n {
        let next = if i + 1 < n { format!("f{}(x)", i + 1) } else { "x.y.z".to_owned() };
        writeln!(text, "export function f{i}(x) {{ return {next} }}")
            .expect("texts can be written");
    }
    text.push_str("f0()\n");
    let mut db = RootDb::new();
    let file = db.set_file("wide.prism", text.as_str());
    assert_eq!(codes(check_file(&db, file)), ["P0203"]);
    db.edit("wide.prism", Edit::Text(text.replace("f0()\n", "f0(1)\n").into()));
    assert_eq!(codes(check_file(&db, file)), Vec::<String>::new());
}

#[test]
fn a_function_may_have_many_statements() {
    let mut text = "function long(x) {\n".to_owned();
    for i in 0..50_000 {
        writeln!(text, "  x = x + {i}").expect("texts can be written");
    }
    text.push_str("  return x\n}\nlong()\n");
    let mut db = RootDb::new();
    let file = db.set_file("long.prism", text);
    assert_eq!(codes(check_file(&db, file)), ["P0203"]);
}
