//! Diagnostics, pushed and pulled.

use serde_json::{Value, json};

use crate::client::{Client, codes_of, uri};
use crate::{folder, write};

const LIB: &str = "export function helper(x) { return x + 1 }\n";
const MAIN: &str = "import { helper } from \"./lib\"\nprint(helper(1))\n";

fn pulling() -> Value {
    json!({
        "textDocument": { "diagnostic": {} },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    })
}

#[test]
fn files_of_the_folder_are_checked_though_nobody_opened_them() {
    let folder = folder(&[("lib.prism", LIB), ("main.prism", "import { helpr } from \"./lib\"\n")]);
    let main = uri(&folder.path().join("main.prism"));
    let mut client = Client::open_folder(folder.path(), json!({}));
    let pushed = client.expect_codes(&main, &["P0503"]);
    assert_eq!(pushed["version"], Value::Null);
    let one = &pushed["diagnostics"][0];
    assert_eq!(one["severity"], 1);
    assert_eq!(one["source"], "prism");
    assert_eq!(one["range"]["start"], json!({ "line": 0, "character": 9 }));
    assert_eq!(one["range"]["end"], json!({ "line": 0, "character": 14 }));
}

#[test]
fn an_unsaved_text_counts_for_the_files_that_import_it() {
    let folder = folder(&[("lib.prism", LIB), ("main.prism", MAIN)]);
    let (lib, main) =
        (uri(&folder.path().join("lib.prism")), uri(&folder.path().join("main.prism")));
    let mut client = Client::open_folder(folder.path(), json!({}));
    client.open(&lib, 1, "export function renamed(x) { return x }\n");
    client.expect_codes(&main, &["P0503"]);
    client.change(&lib, 2, json!([{ "text": LIB }]));
    client.expect_codes(&main, &[]);
    client.expect_version(&lib, 2);
    // What is closed is as it is on the disk.
    client.change(&lib, 3, json!([{ "text": "" }]));
    client.expect_codes(&main, &["P0503"]);
    client.close(&lib);
    client.expect_codes(&main, &[]);
}

#[test]
fn a_manifest_is_told_about_where_it_is_wrong_and_counts_at_once() {
    let folder = folder(&[("prism.toml", "[pakage]\n"), ("main.prism", "1 + 1\nprint(1)\n")]);
    let manifest = uri(&folder.path().join("prism.toml"));
    let main = uri(&folder.path().join("main.prism"));
    let mut client = Client::open_folder(folder.path(), json!({}));
    let pushed = client.expect_codes(&manifest, &["P0610"]);
    assert_eq!(pushed["diagnostics"][0]["range"]["end"], json!({ "line": 0, "character": 7 }));
    let pushed = client.expect_codes(&main, &["P0701"]);
    assert_eq!(pushed["diagnostics"][0]["severity"], 2);
    assert_eq!(pushed["diagnostics"][0]["tags"], json!([1]), "an unused value can go");
    client.open(&manifest, 1, "[package]\nstrict = true\n");
    client.expect_codes(&manifest, &[]);
    client.until("an error in strict mode", |client| {
        (client.pushed[&main]["diagnostics"][0]["severity"] == 1).then_some(())
    });
}

#[test]
fn files_that_come_and_go_are_noticed() {
    let folder = folder(&[("main.prism", MAIN)]);
    let (lib, main) = (folder.path().join("lib.prism"), uri(&folder.path().join("main.prism")));
    let mut client = Client::open_folder(folder.path(), json!({}));
    client.expect_codes(&main, &["P0504"]);
    write(folder.path(), "lib.prism", "export function helper(x) { return x + nowhere }\n");
    let changed = |kind| json!({ "changes": [{ "uri": uri(&lib), "type": kind }] });
    client.tell("workspace/didChangeWatchedFiles", changed(1));
    client.expect_codes(&main, &[]);
    client.expect_codes(&uri(&lib), &["P0501"]);
    std::fs::remove_file(&lib).expect("it was there");
    client.tell("workspace/didChangeWatchedFiles", changed(3));
    client.expect_codes(&main, &["P0504"]);
    client.expect_codes(&uri(&lib), &[]);
}

#[test]
fn a_file_outside_of_the_folder_counts_while_something_imports_it() {
    let folder = folder(&[
        ("inside/main.prism", "import { helper } from \"../lib\"\nprint(helper(1))\n"),
        ("lib.prism", "export function helper(x) { return x + nowhere }\n"),
    ]);
    let inside = folder.path().join("inside");
    let (main, lib) = (uri(&inside.join("main.prism")), uri(&folder.path().join("lib.prism")));
    let mut client = Client::open_folder(&inside, json!({}));
    client.expect_codes(&lib, &["P0501"]);
    client.open(&main, 1, "print(1)\n");
    client.expect_codes(&lib, &[]);
}

#[test]
fn causes_elsewhere_are_related_information() {
    let text = "let a = 1\nlet a = 2\nprint(a)\n";
    let folder = folder(&[("main.prism", text)]);
    let main = uri(&folder.path().join("main.prism"));
    let mut client = Client::open_folder(folder.path(), json!({}));
    let pushed = client.expect_codes(&main, &["P0502"]);
    let related = &pushed["diagnostics"][0]["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], json!(main));
    assert_eq!(related["location"]["range"]["start"], json!({ "line": 0, "character": 4 }));
}

#[test]
fn an_editor_that_asks_is_not_told() {
    let folder = folder(&[("lib.prism", LIB), ("main.prism", "helpr(1)\n")]);
    let main = uri(&folder.path().join("main.prism"));
    let mut client = Client::open_folder(folder.path(), pulling());
    let params = json!({ "textDocument": { "uri": main } });
    let report = client.ask("textDocument/diagnostic", params.clone());
    assert_eq!(report["kind"], "full");
    assert_eq!(codes_of(&report["items"]), ["P0501"]);
    let mut again = params.clone();
    again["previousResultId"] = report["resultId"].clone();
    assert_eq!(client.ask("textDocument/diagnostic", again)["kind"], "unchanged");
    client.open(&main, 1, "print(1)\n");
    assert_eq!(client.ask("textDocument/diagnostic", params)["items"], json!([]));
    let all = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2));
    assert!(client.pushed.is_empty(), "{:?}", client.pushed);
}

#[test]
fn an_editor_that_asks_is_told_to_ask_again_when_other_files_are_different() {
    let folder = folder(&[("lib.prism", LIB), ("main.prism", MAIN)]);
    let lib = uri(&folder.path().join("lib.prism"));
    let mut client = Client::open_folder(folder.path(), pulling());
    client.open(&lib, 1, "");
    client.until("a refresh", |client| {
        client.asked.iter().any(|method| method == "workspace/diagnostic/refresh").then_some(())
    });
}

#[test]
fn a_large_folder_is_looked_at_in_parts_and_wholly() {
    let texts: Vec<(String, String)> =
        (0..70).map(|n| (format!("m{n}.prism"), format!("print(missing{n})\n"))).collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, &**text)).collect();
    let folder = folder(&files);
    let mut client = Client::open_folder(folder.path(), json!({}));
    for (name, _) in &files {
        client.expect_codes(&uri(&folder.path().join(name)), &["P0501"]);
    }
    let mut client = Client::open_folder(folder.path(), pulling());
    let all = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let items = all["items"].as_array().expect("a report for each document");
    assert_eq!(items.len(), 70);
    assert!(items.iter().all(|item| codes_of(&item["items"]) == ["P0501"]), "{items:?}");
}
