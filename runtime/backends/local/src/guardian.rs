//! A small shell process that outlives us by a moment.
//!
//! The death signal of Linux reaches only our children, not theirs. The guardian holds the read
//! end of a pipe to which nobody writes, and a file in memory with the live process groups; when
//! we die, for whatever reason, the pipe closes and it kills the groups that are left, and what
//! left its group. Until then it sleeps: a process that starts or ends costs a few bytes in the
//! file. Without `/bin/sh` there is no guardian, and only the death signal remains.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::Pid;

/// Standard output is the file, which only this reads: nothing is ever printed.
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
read -r never
is_any=''
while read -r group; do
  [ "$group" ] || continue
  is_any=1
  kill -s KILL -- "-$group" 2>/dev/null
done <&1
[ "$is_any" ] || exit
for process in /proc/[0-9]*; do
  grep -qsF "PRISM_PROCESS=$1" "$process/environ" && kill -s KILL "${process#/proc/}" 2>/dev/null
done
"#;

/// Bytes for a group in the file: its number, or none, in one line.
const LINE: usize = 12;

pub(crate) struct Guardian {
    state: Mutex<State>,
    /// How the marks of all processes begin that it has to find.
    family: String,
}

/// The line of a group in the guardian's file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(u64);

#[derive(Default)]
struct State {
    shell: Option<Child>,
    groups: Option<File>,
    /// Lines without a group.
    free: Vec<Place>,
    n_lines: u64,
}

impl Guardian {
    pub(crate) fn new(family: &str) -> Guardian {
        Guardian { state: Mutex::default(), family: family.to_owned() }
    }

    pub(crate) fn watch(&self, group: Pid) -> Place {
        let mut state = self.state();
        let place = state.take_place();
        state.write(place, &group.as_raw_nonzero().to_string());
        state.keep_shell(&self.family);
        place
    }

    pub(crate) fn release(&self, place: Place) {
        let mut state = self.state();
        state.write(place, "");
        state.free.push(place);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the guardian")
    }
}

impl State {
    fn take_place(&mut self) -> Place {
        self.free.pop().unwrap_or_else(|| {
            self.n_lines += 1;
            Place(self.n_lines - 1)
        })
    }

    /// A line is written in one piece: a process that is killed ends before or after it.
    fn write(&mut self, Place(line): Place, group: &str) {
        if self.groups.is_none() {
            let file = memfd_create("prism-groups", MemfdFlags::CLOEXEC);
            self.groups = file.ok().map(File::from);
        }
        let text = format!("{group:>width$}\n", width = LINE - 1);
        if let Some(file) = &self.groups {
            // Memory that is used up leaves the death signal.
            let _ = file.write_all_at(text.as_bytes(), line * LINE as u64);
        }
    }

    /// A guardian that was killed has a successor with the next group.
    fn keep_shell(&mut self, family: &str) {
        let is_there =
            self.shell.as_mut().is_some_and(|shell| matches!(shell.try_wait(), Ok(None)));
        if let (false, Some(groups)) = (is_there, &self.groups) {
            self.shell = shell(family, groups).ok();
        }
    }
}

impl Drop for State {
    /// Closes the pipe, whereupon the shell ends, and takes its exit status.
    fn drop(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
    }
}

fn shell(family: &str, groups: &File) -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "guardian", family])
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(groups.try_clone()?)
        .stderr(Stdio::null())
        .spawn()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn sleeper() -> (Child, Pid) {
        let child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let group = Pid::from_child(&child);
        (child, group)
    }

    #[test]
    fn the_end_of_the_pipe_ends_what_is_watched_and_nothing_else() {
        let guardian = Guardian::new("nobody");
        let [(mut one, first), (mut other, second), (mut released, third)] =
            [(); 3].map(|()| sleeper());
        guardian.watch(first);
        let place = guardian.watch(third);
        guardian.state().shell.as_mut().unwrap().kill().unwrap();
        guardian.state().shell.as_mut().unwrap().wait().unwrap();
        // The next group has a new guardian, which knows the first one too.
        guardian.watch(second);
        guardian.release(place);
        drop(guardian);
        assert_eq!(one.wait().unwrap().signal(), Some(9));
        assert_eq!(other.wait().unwrap().signal(), Some(9));
        assert_eq!(released.try_wait().unwrap(), None);
        released.kill().unwrap();
        released.wait().unwrap();
    }
}
