//! Standard output of both binaries.

use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

/// Why standard output takes nothing any more; the first reason.
static CLOSED: OnceLock<(ErrorKind, String)> = OnceLock::new();

/// Writes to standard output. A command goes on when that fails, since what it does may be more
/// than what it prints; [`guarded`](crate::guarded) says so at its end.
pub fn print(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
        CLOSED.get_or_init(|| (error.kind(), error.to_string()));
    }
}

/// Whether nobody will see what is printed: a command that only prints can end.
pub fn is_closed() -> bool {
    CLOSED.get().is_some()
}

/// Why something that was printed is lost. A reader that has gone away is not an error of ours.
pub(crate) fn lost() -> Option<&'static str> {
    let (kind, reason) = CLOSED.get()?;
    (*kind != ErrorKind::BrokenPipe).then_some(reason)
}
