//! Diagnostics as text with excerpts of the source, drawn by ariadne.
//!
//! Ariadne panics on spans inside a character, drops files whose spans are too long and prints
//! whole lines, so spans are fitted first and very long lines are shown in part.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::ops::Range;
use std::sync::Arc;

use ariadne::{CharSet, Config, IndexType, Report, ReportKind, Source};
use prism_span::{BYTE_ORDER_MARK, FileId, LineIndex, Span};

use super::{Sources, fitted};
use crate::{Diagnostic, Place, Severity};

/// Lines longer than this many bytes are not drawn whole.
const LONGEST_LINE: usize = 1000;

/// All diagnostics, one after the other. `color` also chooses box characters over ASCII.
pub fn text(diagnostics: &[Diagnostic], sources: &dyn Sources, color: bool) -> String {
    let mut files = Files { sources, known: BTreeMap::new() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        let drawn = if files.can_draw(diagnostic) {
            draw(diagnostic, &mut files, color)
        } else {
            summarize(diagnostic, &mut files)
        };
        for line in drawn.lines() {
            out.push_str(if color { line } else { line.trim_end() });
            out.push('\n');
        }
    }
    out
}

type Located = (FileId, Range<usize>);

fn draw(diagnostic: &Diagnostic, files: &mut Files<'_>, color: bool) -> String {
    let kind = match diagnostic.severity {
        Severity::Error => ReportKind::Error,
        Severity::Warning => ReportKind::Warning,
        Severity::Hint => ReportKind::Advice,
    };
    let config = Config::new()
        .with_index_type(IndexType::Byte)
        .with_color(color)
        .with_char_set(if color { CharSet::Unicode } else { CharSet::Ascii })
        .with_tab_width(4);
    let main = files.locate(diagnostic.place);
    let mut labels = vec![(
        diagnostic.place,
        diagnostic.label.as_deref().unwrap_or("here"),
        color_of(diagnostic.severity),
    )];
    let others = diagnostic.labels.iter();
    labels.extend(others.map(|one| (one.place, one.message.as_str(), ariadne::Color::Blue)));
    // One excerpt per file, its lines in their order; the file of the problem comes first.
    labels.sort_by_key(|(place, ..)| {
        (place.file != diagnostic.place.file, place.file, place.span.end)
    });
    let mut report = Report::<Located>::build(kind, main)
        .with_config(config)
        .with_code(diagnostic.code.as_str())
        .with_message(&diagnostic.message);
    for (place, message, color) in labels {
        let label = ariadne::Label::new(files.locate(place)).with_message(message);
        report = report.with_label(label.with_color(color));
    }
    for help in &diagnostic.help {
        report = report.with_help(help);
    }
    let mut bytes = Vec::new();
    match report.finish().write(&mut *files, &mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => summarize(diagnostic, files),
    }
}

fn color_of(severity: Severity) -> ariadne::Color {
    match severity {
        Severity::Error => ariadne::Color::Red,
        Severity::Warning => ariadne::Color::Yellow,
        Severity::Hint => ariadne::Color::Cyan,
    }
}

/// The diagnostic without a drawing: for files that cannot be read and for very long lines.
fn summarize(diagnostic: &Diagnostic, files: &mut Files<'_>) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Hint => "Advice",
    };
    let mut out = format!("[{}] {severity}: {}\n", diagnostic.code, diagnostic.message);
    out.push_str(&format!("   at {}\n", files.address(diagnostic.place)));
    if let Some(label) = &diagnostic.label {
        out.push_str(&format!("   {label}\n"));
    }
    for label in &diagnostic.labels {
        out.push_str(&format!("   {}: {}\n", files.address(label.place), label.message));
    }
    for help in &diagnostic.help {
        out.push_str(&format!("   Help: {help}\n"));
    }
    out
}

struct Files<'s> {
    sources: &'s dyn Sources,
    known: BTreeMap<FileId, Option<File>>,
}

struct File {
    text: Arc<str>,
    lines: LineIndex,
    /// Without a byte order mark, which would be drawn as a column.
    source: Source<Arc<str>>,
    /// The bytes of the byte order mark.
    mark: u32,
    has_long_lines: bool,
}

impl Files<'_> {
    fn file(&mut self, id: FileId) -> Option<&File> {
        let sources = self.sources;
        let made = self.known.entry(id).or_insert_with(|| sources.text(id).map(File::new));
        made.as_ref()
    }

    fn can_draw(&mut self, diagnostic: &Diagnostic) -> bool {
        let others = diagnostic.labels.iter().map(|label| label.place);
        [diagnostic.place].into_iter().chain(others).all(|place| {
            let file = self.file(place.file);
            file.is_some_and(|file| !file.has_long_lines || file.is_short_around(place.span))
        })
    }

    fn locate(&mut self, place: Place) -> Located {
        let range = match self.file(place.file) {
            Some(file) => {
                let drawn = |at: u32| at.saturating_sub(file.mark) as usize;
                let span = fitted(place.span, &file.text);
                drawn(span.start)..drawn(span.end)
            }
            None => place.span.range(),
        };
        (place.file, range)
    }

    fn address(&mut self, place: Place) -> String {
        let name = self.sources.name(place.file);
        match self.file(place.file) {
            Some(file) => {
                let at = file.lines.position(place.span.start);
                format!("{name}:{}:{}", at.line, at.column)
            }
            None => format!("{name}, byte {}", place.span.start),
        }
    }
}

/// Ariadne ends lines at more characters than Prism does: each of those becomes a blank of as many
/// bytes.
fn with_own_lines(text: &Arc<str>) -> Arc<str> {
    const OTHERS: [char; 6] = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    if !text.contains(OTHERS) {
        return text.clone();
    }
    let mut own = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        own.push(match c {
            '\r' if rest.peek() == Some(&'\n') => c,
            '\r' | '\u{b}' | '\u{c}' => ' ',
            '\u{85}' => '\u{a0}',
            '\u{2028}' | '\u{2029}' => '\u{2003}',
            _ => c,
        });
    }
    own.into()
}

impl File {
    fn new(text: Arc<str>) -> File {
        let has_long_lines = text.lines().any(|line| line.len() > LONGEST_LINE);
        let drawn = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => rest.into(),
            None => text.clone(),
        };
        File {
            lines: LineIndex::new(&text),
            source: Source::from(with_own_lines(&drawn)),
            mark: (text.len() - drawn.len()) as u32,
            has_long_lines,
            text,
        }
    }

    /// Whether the first and the last line of the span can be printed.
    fn is_short_around(&self, span: Span) -> bool {
        let span = fitted(span, &self.text);
        [span.start, span.end].into_iter().all(|at| {
            let line = self.lines.position(at).line - 1;
            let len = self.lines.line_span(line).map_or(0, |line| line.len());
            len as usize <= LONGEST_LINE
        })
    }
}

impl ariadne::Cache<FileId> for &mut Files<'_> {
    type Storage = Arc<str>;

    fn fetch(&mut self, id: &FileId) -> Result<&Source<Arc<str>>, impl Debug> {
        match self.file(*id) {
            Some(file) => Ok(&file.source),
            None => Err(format!("no text for file {}", id.0)),
        }
    }

    fn display<'a>(&self, id: &'a FileId) -> Option<impl Display + 'a> {
        Some(self.sources.name(*id).to_string())
    }
}
