//! The pages of the codes about names, modules and headers: the example gives the code, the fix
//! gives no error.

mod common;

use common::problems;
use prism_diagnostics::Code;

/// The text of the first fenced block that starts with the given words.
fn fenced<'p>(page: &'p str, fence: &str) -> Option<&'p str> {
    let start = page.find(&format!("```{fence}\n"))? + fence.len() + 4;
    let len = page[start..].find("```")?;
    Some(&page[start..start + len])
}

#[test]
fn examples_give_their_code_and_fixes_do_not() {
    let own = |code: &&Code| {
        let code = code.as_str();
        code.starts_with("P05") || code.starts_with("P060")
    };
    for code in Code::ALL.iter().filter(own) {
        if let Some(example) = fenced(code.page(), "prism") {
            let found = problems(example);
            let has_code = found.iter().any(|line| line.starts_with(code.as_str()));
            assert!(has_code, "{code}: {found:?}\n{example}");
        }
        if let Some(fixed) = fenced(code.page(), "prism fixed") {
            let found = problems(fixed);
            let is_error =
                |line: &&String| line.as_bytes()[5] == b' ' && line.as_bytes()[6] == b'`';
            let wrong: Vec<&String> = found
                .iter()
                .filter(|line| is_error(line) || line.starts_with(code.as_str()))
                .collect();
            assert!(wrong.is_empty(), "{code}: {wrong:?}\n{fixed}");
        }
    }
}
