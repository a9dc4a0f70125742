//! The renderers, over hand-written diagnostics.

use prism_diagnostics::render::{self, SingleFile};
use prism_diagnostics::{Code, Diagnostic, Edit, Place};
use prism_span::{FileId, Span};

fn place(start: u32, end: u32) -> Place {
    Place::new(FileId(0), Span::new(start, end))
}

fn file(text: &str) -> SingleFile {
    SingleFile { name: "a.prism".into(), text: text.into() }
}

#[test]
fn text_shows_code_message_place_labels_and_help() {
    let diagnostic = Diagnostic::new(Code::P0001, place(8, 13), "expected a, found b")
        .with_label("this")
        .with_place(place(4, 5), "declared here")
        .with_help("write c");
    let expected = "\
[P0001] Error: expected a, found b
   ,-[ a.prism:1:9 ]
   |
 1 | let x = \"abc\"
   |     |   ^^|^^
   |     `---------- declared here
   |           |
   |           `---- this
   |
   | Help: write c
---'
";
    assert_eq!(render::text(&[diagnostic], &file("let x = \"abc\"\n"), false), expected);
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let diagnostic = Diagnostic::new(Code::P0001, place(7, 8), "m");
    let file = file("\u{feff}let x = 1\n");
    let shown = render::text(std::slice::from_ref(&diagnostic), &file, false);
    assert!(shown.contains("a.prism:1:5 ]") && shown.contains(" 1 | let x = 1\n"), "{shown}");
    let json = render::json(&[diagnostic], &file).to_string();
    assert!(json.contains(r#""start":{"line":1,"column":5}"#), "{json}");
}

#[test]
fn spans_that_do_not_fit_are_moved() {
    for (start, end) in [(2, 3), (3, 3), (0, 900), (700, 900), (9, 1)] {
        let diagnostic = Diagnostic::new(Code::P0001, place(start, end), "m");
        let shown = render::text(&[diagnostic], &file("naïve\n"), false);
        assert!(shown.contains("a.prism:"), "{shown}");
    }
}

#[test]
fn a_very_long_line_is_not_drawn() {
    let text = "x".repeat(5_000_000);
    let diagnostic = Diagnostic::new(Code::P0001, place(70, 71), "m").with_help("h");
    let shown = render::text(&[diagnostic], &file(&text), false);
    assert_eq!(shown, "[P0001] Error: m\n   at a.prism:1:71\n   Help: h\n");
}

#[test]
fn json_has_byte_and_line_spans_and_edits() {
    let diagnostic = Diagnostic::warning(Code::P0002, place(5, 6), "m")
        .with_fix("do it", vec![Edit::insert(FileId(0), 6, ";")]);
    let json = render::json(&[diagnostic], &file("a\nbé c"));
    let expected = concat!(
        r#"[{"code":"P0002","severity":"warning","message":"m","file":"a.prism","span":[5,6],"#,
        r#""start":{"line":2,"column":3},"end":{"line":2,"column":4},"label":null,"labels":[],"#,
        r#""help":[],"fixes":[{"title":"do it","edits":[{"file":"a.prism","span":[6,6],"#,
        r#""start":{"line":2,"column":4},"end":{"line":2,"column":4},"insert":";"}]}]}]"#,
    );
    assert_eq!(json.to_string(), expected);
}

/// Only a line feed ends a line, also where a drawing would see more ends.
#[test]
fn text_and_json_count_the_same_lines() {
    let text = "// a\u{2028}b\u{85}c\r\nlet s = \"x\u{c}y\rz\"\nfoo\n";
    let at = text.find("foo").unwrap() as u32;
    let diagnostic = Diagnostic::new(Code::P0501, place(at, at + 3), "m");
    let shown = render::text(std::slice::from_ref(&diagnostic), &file(text), false);
    assert!(shown.contains("a.prism:3:1") && shown.contains(" 3 | foo\n"), "{shown}");
    let json = render::json(&[diagnostic], &file(text)).to_string();
    assert!(json.contains(r#""line":3,"column":1"#), "{json}");
}
