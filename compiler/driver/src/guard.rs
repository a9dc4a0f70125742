//! The last line of defence: a panic becomes a report with a code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;

use crate::printed;

/// What the hook saw of the latest panic.
static LATEST: Mutex<Option<String>> = Mutex::new(None);

/// The code of a report about ourselves.
pub const INTERNAL: &str = "P0899";

/// Runs a command. A panic in it is reported with [`INTERNAL`], and the exit status is 1.
/// It is 2 when standard output could not be written, unless nobody reads it any more.
/// With `RUST_BACKTRACE` set the usual report of a panic comes first.
pub fn guarded(command: impl FnOnce() -> ExitCode) -> ExitCode {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            usual(info);
        }
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let words = info.payload_as_str().unwrap_or("no message");
        if let Ok(mut latest) = LATEST.lock() {
            *latest = Some(format!("{words} ({place})"));
        }
    }));
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(status) => match printed::lost() {
            None => status,
            Some(reason) => {
                eprintln!("error: standard output cannot be written: {reason}");
                ExitCode::from(2)
            }
        },
        Err(_) => {
            let latest = LATEST.lock().ok().and_then(|mut latest| latest.take());
            eprint!("{}", report(&latest.unwrap_or_default()));
            ExitCode::from(1)
        }
    }
}

/// A mistake of ours in words.
pub fn report(what: &str) -> String {
    format!(
        "[{INTERNAL}] Error: Prism broke one of its own rules: {what}\n   \
         Help: this is a mistake of Prism, not of the program; please report it together with \
         the program\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        let status = guarded(|| panic!("a rule"));
        assert_eq!(format!("{status:?}"), format!("{:?}", ExitCode::from(1)));
        let status = guarded(|| ExitCode::from(2));
        assert_eq!(format!("{status:?}"), format!("{:?}", ExitCode::from(2)));
        assert!(report("a rule (x.rs:1:1)").starts_with("[P0899] Error: "));
    }
}
