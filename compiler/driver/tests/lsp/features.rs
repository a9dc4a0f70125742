//! One case per feature that works, and one where there is nothing to give.

use serde_json::{Value, json};

use crate::client::{Client, uri};
use crate::folder;

/// A server with one open document.
pub fn open(text: &str) -> (tempfile::TempDir, Client, String) {
    let folder = folder(&[]);
    let document = uri(&folder.path().join("main.prism"));
    let capabilities = json!({ "general": { "positionEncodings": ["utf-16"] } });
    let mut client = Client::open_folder(folder.path(), capabilities);
    client.open(&document, 1, text);
    (folder, client, document)
}

fn range(line: u32, start: u32, end: u32) -> Value {
    json!({
        "start": { "line": line, "character": start },
        "end": { "line": line, "character": end },
    })
}

#[test]
fn fixes_are_actions_and_all_of_them_one_more() {
    let (_folder, mut client, main) = open("let total = 1\nprint(\"😀\", totl, prnt)\n");
    let ask = |only: Value| {
        let context = json!({ "diagnostics": [], "only": only });
        json!({ "textDocument": { "uri": main }, "range": range(1, 13, 13), "context": context })
    };
    let actions = client.ask("textDocument/codeAction", ask(json!(["quickfix"])));
    assert_eq!(actions.as_array().map(Vec::len), Some(1), "{actions}");
    assert_eq!(actions[0]["title"], "write `total`");
    assert_eq!(actions[0]["kind"], "quickfix");
    assert_eq!(actions[0]["isPreferred"], true);
    assert_eq!(actions[0]["diagnostics"][0]["code"], "P0501");
    let edit = json!([{ "range": range(1, 12, 16), "newText": "total" }]);
    assert_eq!(actions[0]["edit"]["changes"][&main], edit);
    let actions = client.ask("textDocument/codeAction", ask(json!(["source.fixAll"])));
    assert_eq!(actions[0]["kind"], "source.fixAll.prism");
    let edits = actions[0]["edit"]["changes"][&main].as_array().map(Vec::len);
    assert_eq!(edits, Some(2));
    let actions = client.ask("textDocument/codeAction", ask(json!(["refactor"])));
    assert_eq!(actions, json!([]));
}

#[test]
fn formatting_changes_the_lines_that_need_it() {
    let (_folder, mut client, main) = open("let a = 1\nlet  b=2\nprint(a + b)\n");
    let params = json!({
        "textDocument": { "uri": main },
        "options": { "tabSize": 2, "insertSpaces": true },
    });
    let edits = client.ask("textDocument/formatting", params.clone());
    let line = json!({
        "start": { "line": 1, "character": 0 },
        "end": { "line": 2, "character": 0 },
    });
    assert_eq!(edits, json!([{ "range": line, "newText": "let b = 2\n" }]));
    client.change(&main, 2, json!([{ "range": line, "text": "let b = 2\n" }]));
    assert_eq!(client.ask("textDocument/formatting", params), json!([]));
}

#[test]
fn symbols_are_an_outline() {
    let text = "export function f(x) {\n  let y = x\n  y\n}\neffect audit { record(e): null }\n\
                type T = number\nconst { a, b } = { a: 1, b: 2 }\n";
    let (_folder, mut client, main) = open(text);
    let params = json!({ "textDocument": { "uri": main } });
    let symbols = client.ask("textDocument/documentSymbol", params);
    let names = |symbols: &Value| -> Vec<String> {
        let symbols = symbols.as_array().into_iter().flatten();
        symbols.map(|one| one["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(&symbols), ["f", "audit", "T", "a", "b"]);
    assert_eq!(names(&symbols[0]["children"]), ["y"]);
    assert_eq!(names(&symbols[1]["children"]), ["record"]);
    assert_eq!(symbols[0]["range"]["start"], json!({ "line": 0, "character": 0 }));
    assert_eq!(symbols[0]["selectionRange"], range(0, 16, 17));
}
