//! Editors that are wrong, in a hurry, or gone.

use serde_json::{Value, json};

use crate::client::{Client, uri};
use crate::folder;

#[test]
fn what_is_no_message_is_answered_and_the_next_one_is_read() {
    let mut client = Client::start();
    let mut refused = |bytes: &[u8]| {
        client.raw(bytes);
        client.answer(&Value::Null)["error"]["code"].clone()
    };
    assert_eq!(refused(b"Content-Length: 5\r\n\r\nhello"), -32700);
    assert_eq!(refused(b"Content-Length: 2\r\n\r\n\xff\xfe"), -32700);
    assert_eq!(refused(b"Content-Length: nonsense\r\n\r\n"), -32700);
    assert_eq!(refused(b"\r\nwhat is this\r\n\r\n"), -32700);
    assert_eq!(refused(b"Content-Length: 2\r\n\r\n[]"), -32600);
    assert_eq!(refused(b"Content-Length: 17\r\n\r\n{\"jsonrpc\":\"2.0\"}"), -32600);
    assert_eq!(client.ask("initialize", json!({ "capabilities": 3 }))["error"]["code"], -32602);
    let answer = client.ask("initialize", json!({ "capabilities": {} }));
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
}

#[test]
fn requests_come_after_initialize_and_before_shutdown() {
    let mut client = Client::start();
    let symbols = json!({ "textDocument": { "uri": "file:///nowhere.prism" } });
    let early = client.ask("textDocument/documentSymbol", symbols.clone());
    assert_eq!(early["error"]["code"], -32002);
    client.ask("initialize", json!({ "capabilities": {} }));
    client.tell("initialized", json!({}));
    assert_eq!(client.ask("textDocument/documentSymbol", symbols.clone()), Value::Null);
    assert_eq!(client.ask("prism/unknown", json!({}))["error"]["code"], -32601);
    assert_eq!(client.ask("textDocument/documentSymbol", json!({}))["error"]["code"], -32602);
    client.tell("prism/unknown", json!({}));
    client.tell("textDocument/didOpen", json!({ "nonsense": true }));
    client.ask("shutdown", Value::Null);
    let late = client.ask("textDocument/documentSymbol", symbols);
    assert_eq!(late["error"]["code"], -32600);
    client.tell("exit", Value::Null);
    assert!(client.end().success());
}

#[test]
fn the_process_ends_with_its_editor() {
    let mut client = Client::start();
    client.hang_up();
    assert_eq!(client.end().code(), Some(1));
    let folder = folder(&[("main.prism", "print(1)\n")]);
    let mut client = Client::open_folder(folder.path(), json!({}));
    client.raw(b"Content-Length: 1000\r\n\r\n{\"half");
    client.hang_up();
    assert_eq!(client.end().code(), Some(1));
    let mut client = Client::open_folder(folder.path(), json!({}));
    client.tell("exit", Value::Null);
    assert_eq!(client.end().code(), Some(1), "without shutdown");
    assert!(Client::open_folder(folder.path(), json!({})).stop().success());
}

#[test]
fn documents_that_are_odd_do_no_harm() {
    let folder = folder(&[]);
    let mut client = Client::open_folder(folder.path(), json!({}));
    let main = uri(&folder.path().join("main.prism"));
    client.change(&main, 1, json!([{ "text": "not open" }]));
    client.close(&main);
    client.open("untitled:Untitled-1", 1, "nowhere\n");
    client.expect_codes("untitled:Untitled-1", &["P0501"]);
    client.open(&main, 1, "a\n");
    let far = json!({ "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 });
    let backwards = json!({ "start": far, "end": { "line": 0, "character": 0 } });
    client.change(&main, 2, json!([{ "range": backwards, "text": "b = nowhere\n" }]));
    assert_eq!(client.expect_version(&main, 2)[0]["code"], "P0501");
    let params = json!({
        "textDocument": { "uri": main },
        "range": backwards,
        "context": { "diagnostics": [] },
    });
    assert!(client.ask("textDocument/codeAction", params).is_array());
    let folder_uri = uri(folder.path());
    let changed = json!({ "changes": [{ "uri": folder_uri, "type": 2 }] });
    client.tell("workspace/didChangeWatchedFiles", changed);
    assert!(client.stop().success());
}

#[test]
fn a_text_that_is_too_large_is_refused_and_may_become_smaller() {
    let folder = folder(&[]);
    let mut client = Client::open_folder(folder.path(), json!({}));
    let main = uri(&folder.path().join("main.prism"));
    client.open(&main, 1, &"// long\n".repeat(3 << 20));
    client.expect_codes(&main, &["P0033"]);
    client.change(&main, 2, json!([{ "text": "print(1)\n" }]));
    client.expect_codes(&main, &[]);
}

#[test]
fn a_request_that_is_cancelled_is_answered_with_that() {
    let folder = folder(&[]);
    let mut client = Client::open_folder(folder.path(), json!({}));
    let main = uri(&folder.path().join("main.prism"));
    // Takes a moment, so that the cancellation finds it.
    let function =
        |n: usize| format!("function f{n}(a) {{ return [a, {n}, \"x\"].map(b => b) }}\n");
    client.open(&main, 1, &(0..3000).map(function).collect::<String>());
    let params = json!({ "textDocument": { "uri": main } });
    let id = client.request("textDocument/diagnostic", params.clone());
    client.tell("$/cancelRequest", json!({ "id": id }));
    assert_eq!(client.answer(&json!(id))["error"]["code"], -32800);
    client.tell("$/cancelRequest", json!({ "id": 99 }));
    assert_eq!(client.ask("textDocument/diagnostic", params)["kind"], "full");
}

#[test]
fn a_request_that_a_change_overtakes_says_so_or_is_answered() {
    let folder = folder(&[]);
    let mut client = Client::open_folder(folder.path(), json!({}));
    let main = uri(&folder.path().join("main.prism"));
    let function =
        |n: usize| format!("function f{n}(a) {{ return [a, {n}, \"x\"].map(b => b) }}\n");
    client.open(&main, 1, &(0..1000).map(function).collect::<String>());
    let params = json!({ "textDocument": { "uri": main } });
    let mut ids = Vec::new();
    for version in 2..12 {
        ids.push(client.request("textDocument/diagnostic", params.clone()));
        let start = json!({ "line": 0, "character": 0 });
        let change = json!([{ "range": { "start": start, "end": start }, "text": "\n" }]);
        client.change(&main, version, change);
    }
    for id in ids {
        let answer = client.answer(&json!(id));
        let code = &answer["error"]["code"];
        assert!(answer["kind"] == "full" || *code == -32802, "{answer}");
        if *code == -32802 {
            assert_eq!(answer["error"]["data"]["retriggerRequest"], true);
        }
    }
    assert_eq!(client.ask("textDocument/diagnostic", params)["kind"], "full");
}
