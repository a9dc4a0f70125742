//! A small shell process that outlives us by a moment.
//!
//! The death signal of Linux reaches only our children, not theirs. The guardian holds the read
//! end of a pipe and the list of live process groups; when we die, for whatever reason, the pipe
//! closes and it kills the groups that are left, and what left its group. Without `/bin/sh` there is no guardian, and only
//! the death signal remains.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};

use rustix::process::Pid;

const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
live=' '
while read -r what group; do
  case $what in
    +) live="$live$group " ;;
    -) case $live in *" $group "*) live="${live%% $group *} ${live#* $group }" ;; esac ;;
  esac
done
for group in $live; do kill -s KILL -- "-$group" 2>/dev/null; done
[ "$live" = ' ' ] && exit
for process in /proc/[0-9]*; do
  grep -qsF "PRISM_PROCESS=$1" "$process/environ" && kill -s KILL "${process#/proc/}" 2>/dev/null
done
"#;

pub(crate) struct Guardian {
    state: Mutex<State>,
    /// How the marks of all processes begin that it has to find.
    family: String,
}

#[derive(Default)]
struct State {
    shell: Option<Child>,
    live: BTreeSet<i32>,
}

impl Guardian {
    pub(crate) fn new(family: &str) -> Guardian {
        Guardian { state: Mutex::default(), family: family.to_owned() }
    }

    pub(crate) fn watch(&self, group: Pid) {
        let mut state = self.state();
        let group = group.as_raw_nonzero().get();
        state.live.insert(group);
        if state.shell.is_none() {
            state.start(&self.family);
        } else {
            state.tell('+', group);
        }
    }

    pub(crate) fn release(&self, group: Pid) {
        let mut state = self.state();
        let group = group.as_raw_nonzero().get();
        state.live.remove(&group);
        state.tell('-', group);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the guardian")
    }
}

impl State {
    fn start(&mut self, family: &str) {
        self.shell = shell(family).ok();
        let live: Vec<i32> = self.live.iter().copied().collect();
        for group in live {
            self.tell('+', group);
        }
    }

    /// A guardian that was killed is forgotten; the next group starts a new one.
    fn tell(&mut self, what: char, group: i32) {
        let Some(shell) = &mut self.shell else { return };
        let pipe = shell.stdin.as_mut().expect("the guardian is started with a pipe");
        if pipe.write_all(format!("{what} {group}\n").as_bytes()).is_err() {
            reap(self.shell.take());
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        reap(self.shell.take());
    }
}

fn shell(family: &str) -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "guardian", family])
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Closes the pipe, whereupon the shell ends, and takes its exit status.
fn reap(shell: Option<Child>) {
    if let Some(mut shell) = shell {
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}
