//! One running agent process with its pipes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use prism_agents::{AgentError, AgentSpec, errors};
use tokio::net::unix::pipe::{Receiver, Sender};

use crate::alarm::Alarm;
use crate::child::{Child, Program};
use crate::group::Group;
use crate::guardian::Guardian;
use crate::job::Note;
use crate::lines::Lines;
use crate::stderr::Stderr;
use crate::strays::{self, Marks};
use crate::{home, program};

/// How long the last words of a dead process are waited for, when something else that it
/// started still holds its pipes open.
const LAST_WORDS: Duration = Duration::from_millis(100);

pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) stdin: Option<Sender>,
    pub(crate) stdout: Lines<Receiver>,
    pub(crate) stderr: Stderr,
    /// The request that is written.
    pub(crate) request: Vec<u8>,
    pub(crate) alarm: Alarm,
    group: Group,
    grace: Duration,
    mark: String,
}

/// What all processes of a backend share.
pub(crate) struct House {
    pub(crate) guardian: Arc<Guardian>,
    pub(crate) marks: Marks,
}

impl Default for House {
    fn default() -> House {
        let marks = Marks::default();
        House { guardian: Arc::new(Guardian::new(marks.family())), marks }
    }
}

impl Process {
    pub(crate) async fn start(spec: &AgentSpec, house: &House) -> Result<Process, AgentError> {
        let file = program::find(spec)?;
        let mark = house.marks.next();
        let mut env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        env.insert("PRISM_AGENT".into(), (&*spec.name).into());
        env.insert(strays::VARIABLE.into(), (&mark).into());
        env.extend(std::env::current_dir().ok().map(|dir| ("PRISM_CWD".into(), dir.into())));
        env.extend(spec.env.iter().map(|(key, value)| (key.into(), value.into())));
        let name = file.as_os_str().to_owned();
        let args = [name].into_iter().chain(spec.command[1..].iter().map(Into::into)).collect();
        let program = Program { file, args, dir: spec.dir.clone(), env };
        let mut child =
            home::start(&program).await.map_err(|error| program::start_error(spec, &error))?;
        let stdout = child.stdout.take().expect("nobody has taken it");
        Ok(Process {
            group: Group::new(child.id(), house.guardian.clone()),
            stdin: child.stdin.take(),
            stdout: Lines::new(stdout, spec.max_line),
            stderr: Stderr::new(child.stderr.take()),
            request: Vec::new(),
            alarm: Alarm::default(),
            child,
            grace: spec.grace,
            mark,
        })
    }

    /// Ends the process and everything in its group; when this returns, nothing is left.
    /// A process that may leave on its own first gets its grace for that; then the group is
    /// asked to end, gets the grace again, and is killed.
    pub(crate) async fn end(&mut self, leave: Leave, note: &Note<'_>) {
        self.stdin = None;
        let mut is_gone = matches!(leave, Leave::OnItsOwn) && self.wait(note).await.is_some();
        if !is_gone {
            self.group.terminate();
            is_gone = self.wait(note).await.is_some();
        }
        self.group.kill();
        if !is_gone {
            // The kill cannot be refused; a failure to wait means that it was already reaped.
            let _ = self.child.wait().await;
        }
        self.group.clear().await;
        // Looking for strays reads the whole process table, so it is kept for the calls that
        // went wrong; what a well-behaved call left behind is found at shutdown.
        if leave == Leave::Now {
            strays::kill(self.mark.clone()).await;
        }
        let _ = tokio::time::timeout(LAST_WORDS, self.stderr.pump(note)).await;
    }

    /// Puts what the process wrote to standard error under an error.
    pub(crate) fn explain(&self, error: AgentError) -> AgentError {
        errors::with_stderr(error, &self.stderr.tail())
    }

    /// The exit of the leader, within the grace. Standard error is read meanwhile, so that a
    /// process that still has much to say does not block on it.
    async fn wait(&mut self, note: &Note<'_>) -> Option<ExitStatus> {
        let end = tokio::time::Instant::now() + self.grace;
        loop {
            tokio::select! {
                status = self.child.wait() => return status.ok(),
                () = self.stderr.pump(note), if self.stderr.is_open() => {}
                () = tokio::time::sleep_until(end) => return None,
            }
        }
    }
}

/// Whether a process that is no longer needed may go by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It has answered and its input is closed: it is on its way out.
    OnItsOwn,
    /// It must go.
    Now,
}
