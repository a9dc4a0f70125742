//! Reads a case of `tests/ui`: a program with what is expected of it written beside it.
//!
//! ```text
//! //@ run                          mode: check-pass, check-fail, run, run-fail
//! // One sentence of specification.
//! //@ input: {"n": 3}              the host name `input`
//! //@ set: agents=[]               any other host name
//! //@ answers: {"llm": ["yes"]}    what the host answers, by effect
//! //@ fuel: 1000                   and `memory`, `depth`, `requests`
//! let x = missing //~ P0501        a code expected on this line; `//~^` one line above, …
//! //@ file: ./other.prism          from here on, another file; a `prism.toml` too
//! export let y = 1
//! //> printed                      what it prints, line by line
//! //> = 3 ~> 0.9                   and its result
//! ```
//!
//! Line numbers are those of the case, in every file of it.

use std::fmt;

/// What a case claims about its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No errors.
    CheckPass,
    /// At least one error.
    CheckFail,
    /// It runs and completes.
    Run,
    /// It runs and fails.
    RunFail,
}

/// A code that is expected on a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expectation {
    pub file: String,
    /// From 1.
    pub line: u32,
    pub code: String,
}

impl Expectation {
    /// The same code at the same place; `./x.prism` and `x.prism` are the same file.
    pub fn is_at(&self, other: &Expectation) -> bool {
        let normalize = prism_source::normalize;
        (self.line, &self.code) == (other.line, &other.code)
            && normalize(&self.file) == normalize(&other.file)
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.file, self.line, self.code)
    }
}

/// One file of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: String,
    /// As long in lines as the case up to its end, so that line numbers agree.
    pub text: String,
}

/// A case: files, a host, and what is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub mode: Mode,
    /// The first one is the root.
    pub files: Vec<File>,
    /// Host names and their JSON.
    pub inputs: Vec<(String, serde_json::Value)>,
    pub answers: Option<serde_json::Value>,
    pub limits: Vec<(String, u64)>,
    pub expected: Vec<Expectation>,
    /// The lines of the `//> ` block; `None` when there is none.
    pub output: Option<Vec<String>>,
}

/// A case that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    pub line: u32,
    pub message: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// The name of a case's first file.
pub const ROOT: &str = "main.prism";

impl Case {
    pub fn parse(text: &str) -> Result<Case, Malformed> {
        let first = text.lines().next().unwrap_or_default();
        let mut case = Case {
            mode: mode(first)?,
            files: vec![File { path: ROOT.to_owned(), text: String::new() }],
            inputs: Vec::new(),
            answers: None,
            limits: Vec::new(),
            expected: Vec::new(),
            output: output(text),
        };
        for (index, line) in text.lines().enumerate() {
            let number = index as u32 + 1;
            match line.strip_prefix("//@ ") {
                Some(directive) if index > 0 => case.directive(number, directive)?,
                _ => {}
            }
            case.expectations(number, line);
            case.push_line(line);
        }
        case.expected.sort();
        Ok(case)
    }

    fn directive(&mut self, line: u32, directive: &str) -> Result<(), Malformed> {
        let fail = |message: String| Err(Malformed { line, message });
        let Some((name, rest)) = directive.split_once(':') else {
            return fail(format!("`//@ {directive}` lacks a colon"));
        };
        let rest = rest.trim();
        match name {
            "file" => {
                let text = "\n".repeat(line as usize - 1);
                self.files.push(File { path: rest.to_owned(), text });
            }
            "input" => self.inputs.push(("input".to_owned(), json(line, rest)?)),
            "set" => match rest.split_once('=') {
                Some((name, value)) => self.inputs.push((name.to_owned(), json(line, value)?)),
                None => return fail("`//@ set:` needs name=JSON".to_owned()),
            },
            "answers" => self.answers = Some(json(line, rest)?),
            "fuel" | "memory" | "depth" | "requests" => match rest.parse() {
                Ok(limit) => self.limits.push((name.to_owned(), limit)),
                Err(_) => return fail(format!("`{rest}` is not a limit")),
            },
            other => return fail(format!("there is no directive `{other}`")),
        }
        Ok(())
    }

    /// `//~ P0301 P0302`: on this line; each `^` moves one line up.
    fn expectations(&mut self, number: u32, line: &str) {
        let Some((_, marks)) = line.split_once("//~") else { return };
        let up = marks.chars().take_while(|c| *c == '^').count();
        let file = self.files.last().expect("a case has its root file").path.clone();
        for code in marks[up..].split_whitespace().take_while(|word| is_code(word)) {
            let line = number.saturating_sub(up as u32);
            self.expected.push(Expectation { file: file.clone(), line, code: code.to_owned() });
        }
    }

    fn push_line(&mut self, line: &str) {
        let file = self.files.last_mut().expect("a case has its root file");
        // A manifest has comments of its own.
        let marks = [("//@ ", "#@ "), ("//~", "#~"), ("//> ", "#> ")];
        let mut line = line.to_owned();
        if file.path.ends_with(".toml") {
            marks.iter().for_each(|(from, to)| line = line.replace(from, to));
        }
        file.text.push_str(&line);
        file.text.push('\n');
    }
}

/// The case with other `//> ` lines; they go to its end.
pub fn with_output(text: &str, output: &[String]) -> String {
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("//>")).collect();
    let mut result = kept.join("\n").trim_end().to_owned();
    result.push('\n');
    for line in output {
        result.push_str(if line.is_empty() { "//>" } else { "//> " });
        result.push_str(line);
        result.push('\n');
    }
    result
}

/// The `//> ` lines of a case, wherever they stand; `None` when there is none.
fn output(text: &str) -> Option<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("//>"));
    let lines: Vec<String> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned()).collect();
    (!lines.is_empty()).then_some(lines)
}

fn mode(line: &str) -> Result<Mode, Malformed> {
    match line.strip_prefix("//@ ") {
        Some("check-pass") => Ok(Mode::CheckPass),
        Some("check-fail") => Ok(Mode::CheckFail),
        Some("run") => Ok(Mode::Run),
        Some("run-fail") => Ok(Mode::RunFail),
        _ => Err(Malformed { line: 1, message: "the first line is not a mode".to_owned() }),
    }
}

fn json(line: u32, text: &str) -> Result<serde_json::Value, Malformed> {
    serde_json::from_str(text)
        .map_err(|error| Malformed { line, message: format!("not JSON: {error}") })
}

fn is_code(word: &str) -> bool {
    word.len() == 5 && word.starts_with('P') && word[1..].bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = "\
//@ run
// Two files talk to each other.
//@ input: {\"n\": 3}
//@ set: agents=[]
import { y } from \"./other\"
print(y) //~ P0701
//~^ P0702
//@ file: ./other.prism
export let y = 1 //~ P0501
//> 1
//>
//> = null
";

    #[test]
    fn everything_written_in_a_case_is_read() {
        let case = Case::parse(CASE).unwrap();
        assert_eq!(case.mode, Mode::Run);
        assert_eq!(case.inputs[1], ("agents".to_owned(), serde_json::json!([])));
        assert_eq!(case.output.as_deref().unwrap(), ["1", "", "= null"]);
        let at = |file: &str, line, code: &str| Expectation {
            file: file.to_owned(),
            line,
            code: code.to_owned(),
        };
        assert_eq!(
            case.expected,
            [
                at("./other.prism", 9, "P0501"),
                at("main.prism", 6, "P0701"),
                at("main.prism", 6, "P0702"),
            ]
        );
        assert_eq!(case.files[1].text.lines().nth(8), Some("export let y = 1 //~ P0501"));
    }

    #[test]
    fn blessing_replaces_the_output_only() {
        let blessed = with_output(CASE, &["2".to_owned(), String::new()]);
        assert!(blessed.ends_with("//~ P0501\n//> 2\n//>\n"), "{blessed}");
        assert_eq!(
            with_output("//@ run\n// A.\n1\n", &["= 1".to_owned()]),
            "//@ run\n// A.\n1\n//> = 1\n"
        );
    }

    #[test]
    fn a_case_without_a_mode_or_with_a_bad_directive_is_refused() {
        assert_eq!(Case::parse("let x = 1").unwrap_err().line, 1);
        assert_eq!(Case::parse("//@ run\n//@ input: {").unwrap_err().line, 2);
        assert_eq!(Case::parse("//@ run\n//@ colour: red").unwrap_err().line, 2);
    }
}
