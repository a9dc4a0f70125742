//! What is promised for every text: the fuzzer looks for one that breaks it.

use prism_span::FileId;
use prism_syntax::{diagnostics, dump, format, parse};

/// Lexer, layout, parser and formatter neither panic nor hang; places are places of the text; a
/// formatted text means what it meant, and formatting it again changes nothing.
pub fn hold(text: &str) {
    let parsed = parse(text);
    for diagnostic in diagnostics(text, &parsed, FileId(0)) {
        let edits = diagnostic.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.place.span);
        for span in std::iter::once(diagnostic.place.span).chain(edits) {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?}");
        }
    }
    dump::tokens(text);
    let formatted = format(text);
    let after = parse(&formatted);
    assert_eq!(dump::meaning(text, &parsed), dump::meaning(&formatted, &after), "{text}");
    assert_eq!(parsed.errors.len(), after.errors.len(), "{text}");
    assert_eq!(format(&formatted), formatted, "{text}");
}
