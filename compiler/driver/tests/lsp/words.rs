//! Hover, definition and completion: `|` marks where the editor asks.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Client, uri};
use crate::{folder, write};

const LIB: &str = "// Small numbers.\n\n/// Adds one.\nexport function helper(x: number): number \
                   { return x + 1 }\nexport let limit = 3\n";

const MANIFEST: &str = "[agents.reviewer]\ncapabilities = [\"code\"]\ncommand = [\"r\"]\n\
                        [groups]\nreviewers = [\"reviewer\"]\n";

/// Asks about the place of `|` in `main.prism`, which stands beside a library and a manifest.
fn ask(method: &str, capabilities: Value, marked: &str) -> (tempfile::TempDir, Value, Client) {
    let folder = folder(&[("lib.prism", LIB), ("prism.toml", MANIFEST)]);
    let main = uri(&folder.path().join("main.prism"));
    let mut client = Client::open_folder(folder.path(), capabilities);
    let at = marked.find('|').expect("a mark");
    let text = format!("{}{}", &marked[..at], &marked[at + 1..]);
    client.open(&main, 1, &text);
    let line = marked[..at].matches('\n').count();
    let character = marked[..at].rsplit('\n').next().unwrap_or("").encode_utf16().count();
    let position = json!({ "line": line, "character": character });
    let params = json!({ "textDocument": { "uri": main }, "position": position });
    let answer = client.ask(method, params);
    (folder, answer, client)
}

fn hover(marked: &str) -> String {
    let markdown = json!({ "textDocument": { "hover": { "contentFormat": ["markdown"] } } });
    let (_folder, answer, _client) = ask("textDocument/hover", markdown, marked);
    answer["contents"]["value"].as_str().unwrap_or("nothing").to_owned()
}

fn labels(marked: &str) -> Vec<String> {
    let (_folder, answer, _client) = ask("textDocument/completion", json!({}), marked);
    let items = answer.as_array().expect("a list of items").iter();
    items.map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
}

#[track_caller]
fn offers(marked: &str, wanted: &[&str], unwanted: &[&str]) {
    let labels = labels(marked);
    for name in wanted {
        assert!(labels.iter().any(|label| label == name), "{marked}: no `{name}` in {labels:?}");
    }
    for name in unwanted {
        assert!(labels.iter().all(|label| label != name), "{marked}: `{name}` is offered");
    }
}

/// The file and the text that a definition selects.
fn definition(marked: &str) -> Option<(String, String)> {
    let (_folder, answer, _client) = ask("textDocument/definition", json!({}), marked);
    let path = answer["uri"].as_str()?.strip_prefix("file://")?.to_owned();
    let name = Path::new(&path).file_name()?.to_str()?.to_owned();
    let text = match name.as_str() {
        "main.prism" => marked.replacen('|', "", 1),
        _ => std::fs::read_to_string(&path).expect("a definition can be read"),
    };
    let place = |end: &str| -> Option<usize> {
        let line = answer["range"][end]["line"].as_u64()? as usize;
        let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        Some(before + answer["range"][end]["character"].as_u64()? as usize)
    };
    Some((name, text[place("start")?..place("end")?].to_owned()))
}

#[test]
fn functions_show_their_signature_effects_confidence_and_words() {
    let text = "import { helper } from \"./lib\"\nprint(hel|per(1))";
    assert_eq!(
        hover(text),
        "```prism\nfunction helper(x: number) => number\n```\n\n\
         uses none · result: confidence unknown, 0 to 1\n\nAdds one."
    );
    let text = "function ask(q, n = 1) {\n  return agent.call({ task: q }) ~?> 0.7\n}\na|sk(1)";
    assert_eq!(
        hover(text),
        "```prism\nfunction ask(q, n?) => any ~>= 0.7\n```\n\n\
         uses agent · result: confidence 0.7 to 1"
    );
    let parallel = hover("par|allel(agents, \"x\")");
    assert!(parallel.starts_with("```prism\nfunction parallel("), "{parallel}");
    assert!(parallel.contains("side by side"), "the words of the standard library: {parallel}");
}

#[test]
fn values_show_what_is_known_where_they_stand() {
    let plain = "```prism\nlet n: 1\n```\n\nconfidence 1 (plain)";
    assert_eq!(hover("let |n = 1\nprint(n)"), plain);
    let sure = hover("let v = \"x\" ~> 0.8\nprint(|v)");
    assert_eq!(sure, "```prism\nlet v: \"x\" ~> 0.8\n```\n\nconfidence 0.8");
    let gated = "function f(a) {\n  if (<~ a >= 0.9) { print(|a) }\n}\n";
    assert!(hover(gated).ends_with("confidence 0.9 to 1"), "{}", hover(gated));
    let secret = hover("function f(key: secret) { let head|er = \"Bearer \" + key }\nf(\"k\")");
    assert!(secret.contains("let header: secret"), "{secret}");
    assert!(secret.ends_with("made of a secret"), "{secret}");
    let field = hover("let o = { key: \"v\" }\nprint(o.k|ey)");
    assert!(field.starts_with("```prism\n(member) key: \"v\""), "{field}");
    let method = hover("print([1, 2].m|ap(x => x))");
    assert!(method.starts_with("```prism\narray.map("), "{method}");
}

#[test]
fn words_of_the_language_the_host_and_the_manifest_are_explained() {
    assert!(hover("agent.c|all({ task: 1 })").contains("uses agent"));
    assert!(hover("print(1 ~|> 0.5)").contains("the confidence k"));
    assert!(hover("uncer|tain if (1 ~> 0.5) { high { 1 } default { 2 } }").contains("confidence"));
    assert!(hover("agent.call({ agent: \"revie|wer\" })").contains("capable of code"));
    assert!(hover("print(review|ers)").contains("group of agents"));
    assert!(hover("print(in|put)").contains("host"));
    assert!(
        hover(
            "effect audit { record(e): null }\nhandle { au|dit.record(1) } with \
                   { audit.record(e) => resume(null) }"
        )
        .contains("effect audit.record(e): null")
    );
    assert_eq!(hover("let a = 1 // no|thing"), "nothing");
    assert_eq!(hover("let a =|  1"), "nothing");
    assert_eq!(hover("print(\"in a str|ing\")"), "nothing");
}

#[test]
fn an_editor_without_markdown_gets_plain_text() {
    let (_folder, answer, _client) = ask("textDocument/hover", json!({}), "let |n = 1\nprint(n)");
    let expected = json!({ "kind": "plaintext", "value": "let n: 1\n\nconfidence 1 (plain)" });
    assert_eq!(answer["contents"], expected);
}

#[test]
fn definitions_are_found_here_and_in_other_files() {
    let found = |marked| {
        let (file, text) = definition(marked).expect("a definition");
        format!("{file} {text}")
    };
    assert_eq!(found("let 😀 = 1\nlet total = 1\nprint(\"😀\", |total)"), "main.prism total");
    assert_eq!(found("function f(arg) { return a|rg }"), "main.prism arg");
    assert_eq!(found("import { helper } from \"./lib\"\nhel|per(1)"), "lib.prism helper");
    assert_eq!(found("import { hel|per } from \"./lib\"\n"), "lib.prism helper");
    assert_eq!(found("import * as lib from \"./lib\"\nprint(lib.li|mit)"), "lib.prism limit");
    assert_eq!(found("import { helper } from \"./l|ib\"\n"), "lib.prism ");
    assert_eq!(found("type Vote = 1\nlet v: Vo|te = 1\nprint(v)"), "main.prism Vote");
    let effect = "effect audit { record(e): null }\nfunction f() { audit.rec|ord(1) }";
    assert_eq!(found(effect), "main.prism record");
    assert_eq!(definition("pri|nt(1)"), None, "a function of the machine");
    assert_eq!(definition("print(nowh|ere)"), None);
}

#[test]
fn the_standard_library_is_a_file_that_can_be_read_and_asked_about() {
    let text = "import { consensus } from \"@prism/aggregation\"\nprint(con|sensus([1]))";
    let (file, name) = definition(text).expect("a definition");
    assert_eq!((file.as_str(), name.as_str()), ("aggregation.prism", "consensus"));
    let (_folder, answer, mut client) = ask("textDocument/definition", json!({}), text);
    let uri = answer["uri"].as_str().expect("a URI").to_owned();
    let path = uri.strip_prefix("file://").expect("a file");
    let words = std::fs::read_to_string(path).expect("it was written");
    assert!(std::fs::metadata(path).expect("a file").permissions().readonly());
    client.open(&uri, 1, &words);
    let params = json!({
        "textDocument": { "uri": uri },
        "position": answer["range"]["start"],
    });
    let hover = client.ask("textDocument/hover", params);
    assert!(hover["contents"]["value"].as_str().expect("words").contains("function consensus("));
    let symbols =
        client.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
    assert!(symbols.as_array().is_some_and(|all| !all.is_empty()));
    assert!(!client.pushed.contains_key(&uri), "it is what it is");
}

#[test]
fn an_editor_that_follows_links_gets_the_word_too() {
    let links = json!({ "textDocument": { "definition": { "linkSupport": true } } });
    let (_folder, answer, _client) =
        ask("textDocument/definition", links, "let total = 1\nprint(to|tal)");
    let link = &answer[0];
    assert_eq!(link["originSelectionRange"]["end"], json!({ "line": 1, "character": 11 }));
    assert_eq!(link["targetSelectionRange"]["start"], json!({ "line": 0, "character": 4 }));
    assert_eq!(link["targetRange"]["start"], json!({ "line": 0, "character": 0 }));
}

#[test]
fn names_are_offered_where_they_are_visible() {
    let text = "import { helper } from \"./lib\"\nlet top = 1\nfunction f(arg) {\n  let near = 2\n  \
                if (arg) { let hidden = 3 }\n  |\n}\nfunction g(other) { other }\n";
    let builtins = ["print", "parallel", "agent", "input", "reviewers", "let", "return"];
    let own = ["near", "arg", "top", "helper", "f", "g"];
    offers(text, &[&own[..], &builtins[..]].concat(), &["hidden", "other", "import"]);
    assert_eq!(labels(text)[..2], ["arg", "near"], "the nearest names come first");
    offers("|", &["import", "let", "uncertain"], &["high"]);
    offers("let x = |", &["match", "print"], &["let", "import"]);
    assert_eq!(labels("let |"), [""; 0], "a new name");
    assert_eq!(labels("// |"), [""; 0]);
    assert_eq!(labels("print(\"a|\")"), [""; 0]);
}

#[test]
fn members_are_offered_in_texts_that_are_not_finished() {
    offers("let o = { key: 1 }\no.|", &["key", "with"], &["print"]);
    offers("let o = { key: 1 }\no.|\nlet b = 2\n", &["key"], &["b"]);
    offers("function f() {\n  let xs = [\"a\"]\n  print(xs.|\n}\n", &["map", "length"], &["trim"]);
    offers("let xs = [\"a\"]\nlet y = xs.map(x => x.|)", &["trim"], &["map"]);
    offers("let o = { a: { b: 1 } }\nif o?.a.|", &["b"], &["a"]);
    offers("agents { A: Agent { } }\nA.|", &["call"], &[]);
    offers("agent.|", &["call"], &["print"]);
    offers("time.n|", &["now", "sleep"], &[]);
    offers("Math.|", &["floor", "PI"], &[]);
    offers("effect audit { record(e): null }\naudit.|", &["record"], &[]);
    offers("import * as lib from \"./lib\"\nlib.|", &["helper", "limit"], &["print"]);
    assert_eq!(labels("input.|"), [""; 0], "nothing is known of it");
    assert_eq!(labels("print(1.|"), [""; 0], "a number");
}

#[test]
fn imports_types_effects_bands_and_agents_have_their_own_names() {
    offers("import { | } from \"./lib\"", &["helper", "limit"], &["print"]);
    offers("import { helper } from \"|\"", &["./lib", "@prism/execution"], &["@prism/prelude"]);
    offers("import { helper } from \"./|", &["./lib"], &["@prism/execution"]);
    offers("function f(x: |) { x }", &["number", "Agent"], &["print"]);
    offers("function f(x) uses agent, | { x }", &["http", "none"], &["print"]);
    offers("uncertain if (1 ~> 0.5) {\n  |\n}", &["high", "default"], &["print"]);
    offers("agent.call({ agent: \"|\" })", &["reviewer"], &["print"]);
}

#[test]
fn what_is_chosen_replaces_the_word_before_it() {
    let (_folder, answer, _client) =
        ask("textDocument/completion", json!({}), "let total = 1\nprint(\"é\", tot|al)");
    let items = answer.as_array().expect("a list of items");
    let item = items.iter().find(|item| item["label"] == "total").expect("a variable");
    let range = json!({
        "start": { "line": 1, "character": 11 },
        "end": { "line": 1, "character": 14 },
    });
    assert_eq!(item["textEdit"], json!({ "range": range, "newText": "total" }));
    assert_eq!(item["detail"], "1");
}

#[test]
fn every_place_of_broken_texts_can_be_asked_about() {
    let texts = [
        "function f(a { return a. }\nlet x = = 1\nuncertain if ( {\n  high",
        "import { a, from \"./lib\nlet s = \"é😀${a.\nagent.call({ agent: \"",
        "type T = { a: \neffect e { op(x: \nhandle { } with { e.op(",
        "o..a?.~.b...c[.\n}}}))\n\r\n\u{feff}😀",
    ];
    let folder = folder(&[]);
    write(folder.path(), "lib.prism", LIB);
    let main = uri(&folder.path().join("main.prism"));
    let mut client = Client::open_folder(folder.path(), json!({}));
    for (version, text) in texts.iter().enumerate() {
        match version {
            0 => client.open(&main, 1, text),
            _ => client.change(&main, version as i32 + 1, json!([{ "text": text }])),
        }
        for (line, words) in text.split('\n').enumerate() {
            for character in 0..=words.encode_utf16().count() {
                let position = json!({ "line": line, "character": character });
                let params = json!({ "textDocument": { "uri": main }, "position": position });
                for method in ["hover", "definition", "completion"] {
                    let answer = client.ask(&format!("textDocument/{method}"), params.clone());
                    assert_eq!(answer["error"], Value::Null, "{method} at {position} of {text}");
                }
            }
        }
    }
}
