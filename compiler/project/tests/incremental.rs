//! Which queries run again after an edit. A query that must survive an edit has a line here.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use prism_hir::item_tree;
use prism_project::{Keep, RootDb, check_keeping, read_manifest};

/// A database that remembers which queries ran: `inferred(main.prism:double)`.
struct Logged {
    db: RootDb,
    log: Arc<Mutex<Vec<salsa::DatabaseKeyIndex>>>,
}

impl Logged {
    fn new(files: &[(&str, &str)]) -> Logged {
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = log.clone();
        let mut db = RootDb::with_log(move |event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                kept.lock().expect("no test panics while it logs").push(database_key);
            }
        });
        for (path, text) in files {
            db.set_file(path, *text);
        }
        check_keeping(&db, Keep::Newest);
        let logged = Logged { db, log };
        logged.ran();
        logged
    }

    /// The queries that ran since the last call, without repetition.
    fn ran(&self) -> BTreeSet<String> {
        let keys = std::mem::take(&mut *self.log.lock().expect("no test panics while it logs"));
        salsa::attach(&self.db, || keys.iter().map(|key| self.name(format!("{key:?}"))).collect())
    }

    /// `inferred(Id(1c02))` with the name of the item or the path of the file instead of the id.
    fn name(&self, key: String) -> String {
        let (query, id) = key.split_once("(Id(").unwrap_or((&key, ""));
        let id = id.trim_end_matches("))");
        for file in self.db.user_files() {
            if is_id(&file, id) && !is_about_items(query) {
                return format!("{query} {}", file.path(&self.db));
            }
            if is_about_items(query) {
                for item in item_tree(&self.db, file).bodies() {
                    if is_id(&item, id) {
                        return format!("{query} {}:{}", file.path(&self.db), item.name(&self.db));
                    }
                }
            }
        }
        query.to_owned()
    }

    /// The queries about bodies and types that ran after an edit and a check.
    fn after_edit(&mut self, path: &str, text: &str) -> Vec<String> {
        self.ran_after_edit(path, text, is_about_items)
    }

    /// The items that were inferred after an edit and a check.
    fn inferred(&mut self, path: &str, text: &str) -> Vec<String> {
        self.ran_after_edit(path, text, |query| query == "inferred")
    }

    /// The files that were checked anew after an edit.
    fn checked(&mut self, path: &str, text: &str) -> Vec<String> {
        self.ran_after_edit(path, text, |query| query == "checked")
    }

    fn ran_after_edit(
        &mut self,
        path: &str,
        text: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        self.db.set_file(path, text);
        check_keeping(&self.db, Keep::Newest);
        let mut ran: Vec<String> = self.ran().into_iter().collect();
        ran.retain(|name| is_wanted(name.split(' ').next().unwrap_or("")));
        ran
    }
}

fn is_about_items(query: &str) -> bool {
    ["lowered", "item_body", "inferred", "signature"].contains(&query)
}

fn is_id(handle: &impl salsa::plumbing::AsId, id: &str) -> bool {
    format!("{:?}", handle.as_id()) == format!("Id({id})")
}

const MAIN: &str = "import { helper } from \"./lib\"\n\
                    function double(x) { return x + x }\n\
                    function half(x) { return x / 2 }\n\
                    let a = double(1)\n\
                    let b = helper(a)\n";
const LIB: &str = "export function helper(x) { return x }\nfunction inner() { return 1 }\n";

fn logged() -> Logged {
    Logged::new(&[("main.prism", MAIN), ("lib.prism", LIB)])
}

#[test]
fn nothing_runs_without_an_edit() {
    let mut logged = logged();
    assert_eq!(logged.after_edit("lib.prism", LIB), Vec::<String>::new());
}

#[test]
fn an_edit_of_a_body_runs_that_body_alone() {
    let ran = logged().after_edit("main.prism", &MAIN.replace("x / 2", "x / 2 / 1"));
    assert_eq!(
        ran,
        [
            "inferred main.prism:half",
            "item_body main.prism:half",
            "lowered main.prism:half",
            "signature main.prism:half"
        ]
    );
}

#[test]
fn a_blank_line_runs_nothing() {
    let ran =
        logged().after_edit("main.prism", &MAIN.replace("function half", "\n\nfunction half"));
    assert_eq!(ran, Vec::<String>::new());
}

#[test]
fn a_comment_between_items_runs_nothing() {
    let ran = logged()
        .after_edit("main.prism", &MAIN.replace("function half", "// halves\nfunction half"));
    assert_eq!(ran, Vec::<String>::new());
}

#[test]
fn a_comment_in_a_body_lowers_it_and_infers_nothing() {
    let ran = logged().after_edit("main.prism", &MAIN.replace("x / 2", "/* half */ x / 2"));
    assert_eq!(ran, ["item_body main.prism:half", "lowered main.prism:half"]);
}

#[test]
fn a_renamed_local_infers_its_body_alone() {
    let with =
        |name: &str| MAIN.replace("return x / 2", &format!("let {name} = x / 2; return {name}"));
    let mut logged = Logged::new(&[("main.prism", &with("h")), ("lib.prism", LIB)]);
    let ran = logged.inferred("main.prism", &with("halved"));
    assert_eq!(ran, ["inferred main.prism:half"]);
}

#[test]
fn a_new_function_lowers_the_module_and_infers_itself() {
    let text = format!("{MAIN}function third(x) {{ return x / 3 }}\n");
    assert_eq!(logged().inferred("main.prism", &text), ["inferred main.prism:third"]);
}

#[test]
fn an_edit_in_an_imported_module_that_keeps_its_interface_stays_there() {
    let ran = logged().after_edit("lib.prism", &LIB.replace("return 1", "return 2 - 1"));
    assert!(ran.iter().all(|name| name.contains("lib.prism:inner")), "{ran:?}");
    assert!(!ran.is_empty());
}

#[test]
fn a_new_private_name_in_an_imported_module_stays_there() {
    let ran = logged().after_edit("lib.prism", &format!("{LIB}let hidden = 1\n"));
    assert!(ran.iter().all(|name| name.contains("lib.prism")), "{ran:?}");
}

#[test]
fn an_edit_of_a_signature_runs_its_callers() {
    let ran = logged().after_edit("lib.prism", &LIB.replace("helper(x)", "helper(x, y = 1)"));
    assert!(ran.contains(&"inferred main.prism:".to_owned()), "{ran:?}");
    assert!(!ran.contains(&"inferred main.prism:half".to_owned()), "{ran:?}");
    assert!(!ran.contains(&"inferred lib.prism:inner".to_owned()), "{ran:?}");
}

#[test]
fn an_edit_of_the_manifest_lowers_nothing() {
    let mut logged = logged();
    let package = logged.db.user_files()[0].package(&logged.db).expect("a package");
    let (manifest, _) = read_manifest("[agents.a]\ncommand = [\"a\"]\n");
    logged.db.set_package(package, &manifest);
    check_keeping(&logged.db, Keep::Newest);
    let ran = logged.ran();
    assert!(
        ran.iter().all(|name| !is_about_items(name.split(' ').next().unwrap_or(""))),
        "{ran:?}"
    );
    assert!(ran.contains("checked main.prism"), "{ran:?}");
}

#[test]
fn a_renamed_function_is_inferred_alone() {
    let ran = logged().inferred("main.prism", &MAIN.replace("half", "halved"));
    assert_eq!(ran, ["inferred main.prism:halved"]);
}

#[test]
fn an_edit_of_an_import_infers_what_uses_it() {
    let lib = format!("{LIB}export function other(x) {{ return [x] }}\n");
    let mut logged = Logged::new(&[("main.prism", MAIN), ("lib.prism", &lib)]);
    let text = MAIN.replace("{ helper }", "{ other as helper }");
    assert_eq!(logged.inferred("main.prism", &text), ["inferred main.prism:"]);
}

#[test]
fn an_edit_of_an_exported_type_infers_what_names_it() {
    let lib =
        |size: &str| LIB.replace("(x)", "(x: Size)") + &format!("export type Size = {size}\n");
    let main =
        MAIN.replace("{ helper }", "{ helper, Size }").replace("double(x)", "double(x: Size)");
    let mut logged = Logged::new(&[("main.prism", &main), ("lib.prism", &lib("number"))]);
    let ran = logged.inferred("lib.prism", &lib("number | string"));
    assert_eq!(
        ran,
        ["inferred lib.prism:helper", "inferred main.prism:", "inferred main.prism:double"],
        "helper and double have it, and the module calls both"
    );
}

#[test]
fn an_edit_of_the_header_lowers_nothing() {
    let with = |name: &str| format!("/**\n * @name {name}\n */\n{MAIN}");
    let mut logged = Logged::new(&[("main.prism", &with("One")), ("lib.prism", LIB)]);
    assert_eq!(logged.after_edit("main.prism", &with("Another")), Vec::<String>::new());
}

#[test]
fn broken_text_and_its_repair_infer_one_body() {
    let mut logged = logged();
    let broken = MAIN.replace("return x / 2", "return x /");
    assert_eq!(logged.inferred("main.prism", &broken), ["inferred main.prism:half"]);
    assert_eq!(logged.inferred("main.prism", MAIN), ["inferred main.prism:half"]);
}

#[test]
fn files_are_checked_again_when_an_interface_that_they_import_changes() {
    let other = ("other.prism", "let alone = 1\n");
    let mut logged = Logged::new(&[("main.prism", MAIN), ("lib.prism", LIB), other]);
    let kept = LIB.replace("return 1", "return 2 - 1");
    assert_eq!(logged.checked("lib.prism", &kept), ["checked lib.prism"]);
    let private = format!("{kept}let hidden = 1\n");
    assert_eq!(logged.checked("lib.prism", &private), ["checked lib.prism"]);
    let changed = private.replace("helper(x)", "helper(x, y = 1)");
    assert_eq!(logged.checked("lib.prism", &changed), ["checked lib.prism", "checked main.prism"]);
}
