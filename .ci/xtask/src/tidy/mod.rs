//! Checks what compilers do not: that the project's own rules still hold.
//!
//! In: the tracked files. Out: one line per problem, with the file and the line.

mod cases;
mod codes;
mod edges;
mod files;
mod prose;

use std::fmt;
use std::path::Path;
use std::process::Command;

/// A rule that a file breaks.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    path: String,
    /// From 1; 0 when the whole file is meant.
    line: usize,
    message: String,
}

impl Problem {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Problem {
        Problem { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// A tracked text file.
struct Tracked {
    path: String,
    text: String,
}

impl Tracked {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    /// Whether the whole file belongs to tests.
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
    }

    /// Numbered from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// Prints every problem; whether there was none.
pub fn run(root: &Path) -> bool {
    let files = match tracked(root) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("tidy cannot list the tracked files: {error}");
            return false;
        }
    };
    let mut problems = edges::check(root, &files);
    problems.extend(codes::check(&files));
    problems.extend(cases::check(&files));
    problems.extend(files::check(&files));
    problems.extend(prose::check(&files));
    for problem in &problems {
        println!("{problem}");
    }
    println!("tidy: {} files, {} problems", files.len(), problems.len());
    problems.is_empty()
}

/// The text files that git tracks, in order of path. Files that are not UTF-8 are left out.
fn tracked(root: &Path) -> std::io::Result<Vec<Tracked>> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output()?;
    if !listed.status.success() {
        return Err(std::io::Error::other(String::from_utf8_lossy(&listed.stderr).into_owned()));
    }
    let mut files = Vec::new();
    for path in String::from_utf8_lossy(&listed.stdout).split('\0').filter(|path| !path.is_empty())
    {
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            files.push(Tracked { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

#[cfg(test)]
fn file(path: &str, text: &str) -> Tracked {
    Tracked { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(Problem::to_string).collect()
}
