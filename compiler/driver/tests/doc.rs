//! `prismc doc`: the pages, their anchors, and texts that would like to be markup.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::path::Path;

use assert_cmd::Command;

/// Standard output and status, in the folder of this test's programs.
fn doc(args: &[&str]) -> (String, i32) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doc");
    let mut command = Command::new(env!("CARGO_BIN_EXE_prismc"));
    let output = command.arg("doc").args(args).current_dir(folder).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap_or(-1))
}

#[test]
fn a_page_has_header_types_effects_and_words() {
    assert_eq!(doc(&["review.prism"]), (include_str!("doc/review.md").to_owned(), 0));
    assert_eq!(
        doc(&["review.prism", "--format", "html"]),
        (include_str!("doc/review.html").to_owned(), 0)
    );
}

#[test]
fn every_link_of_a_page_leads_to_an_anchor_of_it() {
    let (page, status) = doc(&["@prism", "--format", "html"]);
    assert_eq!(status, 0);
    let parts = |mark: &str| -> Vec<String> {
        page.split(mark).skip(1).map(|part| part.split('"').next().unwrap().to_owned()).collect()
    };
    let (links, anchors) = (parts("href=\"#"), parts(" id=\""));
    assert!(links.len() > 3 && anchors.len() > 20, "{links:?}");
    assert!(links.iter().all(|link| anchors.contains(link)), "{links:?} {anchors:?}");
    let mut different = anchors.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), anchors.len());
    assert!(page.contains("id=\"prism-aggregation.consensus\""));
}

#[test]
fn folders_are_one_page_and_the_name_of_the_output_says_the_format() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.prism", "a.prism"] {
        std::fs::write(folder.path().join(name), "export function f() { return 1 }\n").unwrap();
    }
    let out = folder.path().join("out.html");
    let paths = [folder.path().to_str().unwrap(), "-o", out.to_str().unwrap()];
    assert_eq!(doc(&paths), (String::new(), 0));
    let page = std::fs::read_to_string(&out).unwrap();
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} in {page}"));
    assert!(page.starts_with("<!doctype html>") && at("a.prism") < at("b.prism"));
    assert_eq!(doc(&[paths[0]]), doc(&[paths[0]]), "twice the same");
}

#[test]
fn words_of_a_program_are_not_markup() {
    let hostile = "/**\n * @name <script>alert(1)</script>\n * @description [x](javascript:alert(1)) <img src=x onerror=alert(1)>\n \
                   * @input {\"<b>\": \"a|b`\"}\n * @x-y </code><script>alert(5)\n */\n\
                   /// # <script>alert(2)</script> ` ** &lt;\n/// ```\"><script>\n/// </code></pre><script>alert(3)\n/// ````\n\
                   export function f(a: \"</pre><script>\") { return a }\n1\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("\"onclick=\"<script>.prism");
    std::fs::write(&path, hostile).unwrap();
    let (html, status) = doc(&[path.to_str().unwrap(), "--format", "html"]);
    assert_eq!(status, 0);
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"), "{html}");
    assert!(!html.contains("\"onclick=") && !html.contains("href=\"javascript"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(2)&lt;/script&gt;"), "{html}");
    let (markdown, _) = doc(&[path.to_str().unwrap()]);
    assert!(markdown.contains("\\<script\\>alert(2)\\</script\\>"), "{markdown}");
    assert!(markdown.contains("\\[x\\](javascript:alert(1)) \\<img"), "{markdown}");
    assert!(
        markdown.contains("`````script\n</code></pre><script>alert(3)\n````\n`````"),
        "{markdown}"
    );
}

#[test]
fn type_parameters_and_optional_inputs_are_shown_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("each.prism");
    let program = "/**\n * @input {\"who\": \"string\", \"times?\": \"number\"}\n */\n\
                   export function each<T, U>(xs: T[], f: (x: T, i: number) => U, least?: T): U[] {\n  \
                   return xs.map(f)\n}\n1\n";
    std::fs::write(&path, program).unwrap();
    let (page, _) = doc(&[path.to_str().unwrap()]);
    let signature = "each<T, U>(xs: T[], f: (_: T, _: number) => U, least?: T | null) => U[]";
    assert!(page.contains(signature), "{page}");
    assert!(page.contains("| `who` | `string` | yes |"), "{page}");
    assert!(page.contains("| `times` | `number` | no |"), "{page}");
}

#[test]
fn broken_files_are_documented_as_far_as_they_go_and_missing_ones_are_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.prism");
    std::fs::write(&path, "/// Adds.\nexport function add(a, b) { return a + b }\nlet x = (1 +\n")
        .unwrap();
    let (page, status) = doc(&[path.to_str().unwrap()]);
    assert_eq!(status, 0);
    assert!(
        page.contains("add(a, b)") && page.contains("Adds.") && page.contains("1 error;"),
        "{page}"
    );
    assert_eq!(doc(&["missing.prism"]).1, 2);
    assert_eq!(doc(&["@prism/no-such-module"]).1, 2);
}
