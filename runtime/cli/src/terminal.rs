//! The terminal, if there is one: colours, printing, and whether a person sits there.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use prism_engine::Ask;

use crate::args::Color;
use crate::person::Person;
use crate::progress::Progress;

/// What standard input and standard error are connected to.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    pub color: bool,
    /// Standard error is a terminal: progress may be drawn there.
    pub is_watched: bool,
    /// So is standard input: a person can answer.
    has_person: bool,
}

impl Terminal {
    pub fn new(wanted: Color) -> Terminal {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_watched = std::io::stderr().is_terminal();
        let color = match wanted {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_watched && !is_set("NO_COLOR") && !is_dumb,
        };
        let has_person = is_watched && std::io::stdin().is_terminal();
        Terminal { color, is_watched: is_watched && !is_dumb, has_person }
    }

    /// The person to ask; `None` when nobody sits there.
    pub fn person(self, progress: &Arc<Progress>) -> Option<Arc<dyn Ask>> {
        self.has_person.then(|| Arc::new(Person::new(progress.clone())) as Arc<dyn Ask>)
    }
}

/// Who sits at the terminal, as far as the system knows.
pub fn user() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Prints; a reader that has gone away is not an error of ours.
pub fn print(text: &str) {
    prism_driver::print(text.as_bytes());
}

pub fn print_error(text: &str) {
    // Nobody is left to tell when this fails.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
