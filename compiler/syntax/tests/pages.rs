//! The pages of the codes of this crate: the example gives the code, the fix gives nothing.

use prism_diagnostics::{Code, render};
use prism_span::FileId;

fn codes_of(text: &str) -> Vec<Code> {
    let parse = prism_syntax::parse(text);
    let found = prism_syntax::diagnostics(text, &parse, FileId(0));
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

fn fenced<'p>(page: &'p str, fence: &str) -> &'p str {
    let open = format!("```{fence}\n");
    let start = page.find(&open).expect("the page has the fence") + open.len();
    let len = page[start..].find("\n```").expect("the fence is closed");
    &page[start..=start + len]
}

#[test]
fn examples_give_their_code_and_fixes_none() {
    let ours = Code::ALL.iter().filter(|code| {
        let code = code.as_str();
        code.starts_with("P01") || ("P0001"..="P0006").contains(&code)
    });
    let mut wrong = Vec::new();
    for code in ours {
        let found = codes_of(fenced(code.page(), "prism"));
        let is_alone = found.iter().all(|other| other == code);
        let fits = found.contains(code) && (is_alone || *code == Code::P0107);
        if !fits {
            wrong.push(format!("{code}: the example gives {found:?}"));
        }
        let found = codes_of(fenced(code.page(), "prism fixed"));
        if !found.is_empty() {
            wrong.push(format!("{code}: the fix gives {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_diagnostic_is_rendered() {
    let text = "let x = (10 + 20\nlet y = 3\n";
    let parse = prism_syntax::parse(text);
    let found = prism_syntax::diagnostics(text, &parse, FileId(0));
    let sources = render::SingleFile { name: "a.prism".into(), text: text.into() };
    let expected = "\
[P0104] Error: expected `)` for this `(`
   ,-[ a.prism:1:9 ]
   |
 1 | let x = (10 + 20
   |         |       |
   |         `--------- never closed
   |                 |
   |                 `- `)` is missing here
---'
";
    assert_eq!(render::text(&found, &sources, false), expected);
}
