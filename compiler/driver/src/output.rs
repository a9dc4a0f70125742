//! Standard output and colours.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crate::args::Color;

/// Diagnostics go to standard error, so that is the stream that decides.
pub fn use_color(wanted: Color) -> bool {
    match wanted {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            std::io::stderr().is_terminal() && !is_set("NO_COLOR") && !is_dumb
        }
    }
}

/// Prints; a reader that has gone away is not an error of ours.
pub fn print(text: &str) {
    prism_driver::print(text.as_bytes());
}

/// The same for bytes that need not be text.
pub fn print_bytes(bytes: &[u8]) {
    prism_driver::print(bytes);
}

pub fn print_error(text: &str) {
    // Nobody is left to tell when this fails.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// The status of a command that could not be understood, or could not read its files.
pub fn usage() -> ExitCode {
    ExitCode::from(2)
}
