//! Test results as the XML that CI systems read.

use std::fmt::Write;

use crate::testing::{Finished, Suite};

/// One `testsuite` per file, one `testcase` per test.
pub fn document(suites: &[Suite], finished: &[Finished]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for (at, suite) in suites.iter().enumerate() {
        let tests: Vec<&Finished> = finished.iter().filter(|test| test.suite == at).collect();
        if tests.is_empty() {
            continue;
        }
        let n_failed = tests.iter().filter(|test| test.failure.is_some()).count();
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{n_failed}\">",
            escaped(&suite.file),
            tests.len()
        );
        tests.iter().for_each(|test| case(&mut xml, suite, test));
        xml.push_str("  </testsuite>\n");
    }
    xml + "</testsuites>\n"
}

fn case(xml: &mut String, suite: &Suite, test: &Finished) {
    let (name, file) = (escaped(&suite.names[test.test]), escaped(&suite.file));
    let seconds = test.time.as_secs_f64();
    let _ = write!(
        xml,
        "    <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\" time=\"{seconds:.6}\""
    );
    let Some(failed) = &test.failure else {
        xml.push_str("/>\n");
        return;
    };
    let problem = &failed.problem;
    let _ = writeln!(
        xml,
        ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>",
        problem.code,
        escaped(&problem.message),
        escaped(&(problem.render(false) + &failed.difference()))
    );
    if !test.output.is_empty() {
        let _ =
            writeln!(xml, "      <system-out>{}</system-out>", escaped(&test.output.join("\n")));
    }
    xml.push_str("    </testcase>\n");
}

/// Text that may stand in an element or an attribute; control characters, which XML cannot
/// hold, are shown as U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            escaped("a<b> & \"c\"\n\u{1b}[0m"),
            "a&lt;b&gt; &amp; &quot;c&quot;\n\u{fffd}[0m"
        );
    }
}
