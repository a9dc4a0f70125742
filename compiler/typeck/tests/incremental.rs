//! What runs again after an edit: only what depends on it.

use std::sync::{Arc, Mutex};

use prism_project::RootDb;
use prism_source::SourceFile;

type Log = Arc<Mutex<Vec<String>>>;

/// A database that writes down which inferences ran.
fn logged() -> (RootDb, Log) {
    let log: Log = Log::default();
    let sink = log.clone();
    let db = RootDb::with_log(move |event| {
        if let salsa::EventKind::WillExecute { database_key } = event.kind {
            sink.lock()
                .expect("no test panics while it holds the log")
                .push(format!("{database_key:?}"));
        }
    });
    (db, log)
}

/// How often `infer` runs in a check of the file, beside what was checked before.
fn inferences(db: &RootDb, log: &Log, file: SourceFile) -> usize {
    log.lock().expect("no test panics while it holds the log").clear();
    prism_typeck::check(db, file);
    let ran = log.lock().expect("no test panics while it holds the log");
    ran.iter().filter(|query| query.starts_with("inferred(")).count()
}

const PROGRAM: &str = "function double(x) { return x * 2 }
function total(xs) { return double(xs.length) }
function other(x) { return x }
total([1]) + other(2)
";

/// Checks the program, then how many inferences the edited one needs.
fn check(edited: &str, expected: usize) {
    let (mut db, log) = logged();
    let file = db.set_file("main.prism", PROGRAM);
    assert_eq!(inferences(&db, &log, file), 4, "three functions and the module");
    let file = db.set_file("main.prism", edited);
    assert_eq!(inferences(&db, &log, file), expected, "after\n{edited}");
}

#[test]
fn nothing_changed() {
    check(PROGRAM, 0);
}

#[test]
fn blank_lines_and_comments_move_everything_and_change_nothing() {
    check(&format!("\n\n// a comment\n{PROGRAM}"), 0);
    check(&PROGRAM.replace("function other", "\n// moved\nfunction other"), 0);
}

#[test]
fn a_body_that_keeps_its_signature_is_inferred_alone() {
    check(&PROGRAM.replace("x * 2", "x * 3"), 1);
}

#[test]
fn a_changed_result_reaches_the_callers() {
    // `double` gives a text now, so `total` does, and the module adds it.
    check(&PROGRAM.replace("x * 2", "`${x}`"), 3);
}

#[test]
fn an_effect_reaches_the_callers() {
    check(&PROGRAM.replace("return x * 2", "log(x)\n return x * 2"), 3);
}

#[test]
fn a_statement_of_the_module_concerns_the_module() {
    check(&format!("{PROGRAM}print(1)\n"), 1);
}

#[test]
fn a_new_function_is_inferred_alone() {
    check(&PROGRAM.replace("function other", "function new(x) { return x }\nfunction other"), 1);
}

#[test]
fn an_edit_of_another_file_stops_at_its_interface() {
    let (mut db, log) = logged();
    let lib = "export function f(x) { return x * 2 }\n";
    db.set_file("lib.prism", lib);
    let file = db.set_file("main.prism", "import { f } from \"./lib\"\nf(1)\n");
    assert_eq!(inferences(&db, &log, file), 2);
    db.set_file("lib.prism", lib.replace("x * 2", "x * 3"));
    assert_eq!(inferences(&db, &log, file), 1, "the signature of `f` is what it was");
    db.set_file("lib.prism", lib.replace("x * 2", "\"a\""));
    assert_eq!(inferences(&db, &log, file), 2, "the result of `f` is a text now");
}
