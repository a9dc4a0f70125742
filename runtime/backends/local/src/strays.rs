//! Processes that left their group, found by the mark in their environment.
//!
//! A process that starts a session of its own is no longer reached by a signal to the group. It
//! still carries the environment it was started with, which Linux shows in `/proc`. One that also
//! replaces its environment is beyond this backend; containers hold that one.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};

/// The variable that carries the mark.
pub(crate) const VARIABLE: &str = "PRISM_PROCESS";

/// A stray may start another one while we look.
const ROUNDS: usize = 5;

/// Marks of all processes of one backend; each process has its own.
pub(crate) struct Marks {
    family: String,
    next: AtomicU64,
}

impl Default for Marks {
    fn default() -> Marks {
        static BACKENDS: AtomicU64 = AtomicU64::new(0);
        let number = BACKENDS.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let family = format!("{}-{:x}-{number}.", std::process::id(), now.as_nanos());
        Marks { family, next: AtomicU64::new(0) }
    }
}

impl Marks {
    /// The beginning that all marks have in common.
    pub(crate) fn family(&self) -> &str {
        &self.family
    }

    /// Whether any process carries one.
    pub(crate) fn is_any_given(&self) -> bool {
        self.next.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn next(&self) -> String {
        format!("{}{};", self.family, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// Kills every process whose mark begins like this. Nothing is found where there is no `/proc`.
pub(crate) async fn kill(mark: String) {
    // A runtime that shuts down drops this; the groups are killed then all the same.
    let _ = tokio::task::spawn_blocking(move || kill_now(&mark)).await;
}

fn kill_now(mark: &str) {
    let wanted = format!("{VARIABLE}={mark}").into_bytes();
    for _ in 0..ROUNDS {
        let strays = marked(&wanted);
        if strays.is_empty() {
            return;
        }
        for stray in strays {
            // It may have ended meanwhile.
            let _ = kill_process(stray, Signal::KILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

fn marked(wanted: &[u8]) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let id = entry.file_name().to_str()?.parse().ok()?;
            if has_mark(&entry.path(), wanted) { Pid::from_raw(id) } else { None }
        })
        .collect()
}

fn has_mark(process: &Path, wanted: &[u8]) -> bool {
    let environ = std::fs::read(process.join("environ")).unwrap_or_default();
    environ.split(|byte| *byte == 0).any(|variable| variable.starts_with(wanted))
}
