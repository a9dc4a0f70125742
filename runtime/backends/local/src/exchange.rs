//! One request and its answer over the pipes of a process.

use std::process::ExitStatus;
use std::time::Duration;

use prism_agents::protocol::{self, Line};
use prism_agents::{AgentError, AgentNote, AgentReply, AgentSpec, Attempt, errors};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::Sender;
use tokio::time::{Instant, timeout};

use crate::job::{Cancelled, Note};
use crate::lines::Next;
use crate::process::Process;

/// How long output is still read after the process ended: a pipe holds what was written before,
/// but something the process started may keep it open for ever.
pub(crate) const DRAIN: Duration = Duration::from_millis(200);

/// How long a process that closed its output without an answer may take to exit, so that its
/// exit code can be told.
pub(crate) const EXIT: Duration = Duration::from_secs(1);

/// Progress reports passed on per call; an agent that floods is read on, but not repeated.
pub(crate) const MAX_PROGRESS: usize = 10_000;

/// Whether the process serves one call or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Input is closed after the request, and the answer counts only when the process has left
    /// or closed its output: until then it might answer twice.
    Once,
    /// Input stays open and the answer counts at once.
    Again,
}

/// What came of a call.
pub(crate) struct Outcome {
    pub(crate) result: Result<AgentReply, AgentError>,
    /// Whether the process kept to the protocol and took the whole request.
    pub(crate) is_sound: bool,
}

/// What the loop knows so far.
struct State {
    answer: Option<Result<AgentReply, AgentError>>,
    exited: Option<ExitStatus>,
    /// Reading stops here.
    until: Instant,
    n_progress: usize,
}

/// Sends the process's request and reads until the answer, the deadline, or a failure. The process is left
/// as it is: ending it is the caller's business.
pub(crate) async fn exchange(
    process: &mut Process,
    attempt: &Attempt,
    usage: Use,
    cancelled: &mut Cancelled,
    note: &Note<'_>,
) -> Outcome {
    let until = attempt.until.into();
    let mut state = State { answer: None, exited: None, until, n_progress: 0 };
    let id = protocol::id_of(attempt);
    let agent = &*attempt.spec.name;
    let mut is_written = false;
    {
        let Process { child, stdin, stdout, stderr, request, alarm, .. } = &mut *process;
        let mut write = std::pin::pin!(send(stdin, request, usage));
        loop {
            tokio::select! {
                next = stdout.next() => match state.hear(agent, &id, next, note) {
                    Ok(Heard::Answer) if usage == Use::Again => break,
                    Ok(Heard::Answer) => state.stop_within(attempt.spec.grace),
                    Ok(Heard::Progress) => {}
                    Ok(Heard::End) => break,
                    Err(error) => return broken(error),
                },
                () = &mut write, if !is_written => is_written = true,
                () = stderr.pump(note), if stderr.is_open() => {}
                status = child.wait(), if state.exited.is_none() => {
                    state.exited = status.ok();
                    state.stop_within(DRAIN);
                }
                () = alarm.at(state.until) => break,
                () = cancelled.wait() => return broken(errors::cancelled(agent)),
            }
        }
    }
    match state.answer {
        Some(result) => Outcome { result, is_sound: is_written },
        None => broken(silence(process, &attempt.spec, &state).await),
    }
}

fn broken(error: AgentError) -> Outcome {
    Outcome { result: Err(error), is_sound: false }
}

/// What one line meant for the loop.
enum Heard {
    Progress,
    Answer,
    End,
}

impl State {
    fn hear(
        &mut self,
        agent: &str,
        id: &str,
        next: Next<'_>,
        note: &Note<'_>,
    ) -> Result<Heard, AgentError> {
        let line = match next {
            Next::Line(line) if line.trim_ascii().is_empty() => return Ok(Heard::Progress),
            Next::Line(line) => line,
            Next::TooLong(limit) => return Err(errors::line_too_long(agent, limit)),
            Next::End => return Ok(Heard::End),
        };
        match protocol::read_line(agent, id, line)? {
            Line::Answer(_) if self.answer.is_some() => Err(errors::answered_twice(agent)),
            Line::Answer(answer) => {
                self.answer = Some(answer);
                Ok(Heard::Answer)
            }
            Line::Progress(progress) => {
                self.n_progress += 1;
                if self.n_progress <= MAX_PROGRESS && self.answer.is_none() {
                    note(AgentNote::Progress(progress));
                }
                Ok(Heard::Progress)
            }
        }
    }

    fn stop_within(&mut self, time: Duration) {
        self.until = self.until.min(Instant::now() + time);
    }
}

/// A process that ends early closes the pipe; what it then says or does not say decides.
async fn send(stdin: &mut Option<Sender>, request: &[u8], usage: Use) {
    if let Some(pipe) = stdin {
        let _ = pipe.write_all(request).await;
    }
    if usage == Use::Once {
        *stdin = None;
    }
}

/// Why there is no answer: the process exited, closed its output, or took too long.
async fn silence(process: &mut Process, spec: &AgentSpec, state: &State) -> AgentError {
    let agent = &*spec.name;
    let now = Instant::now();
    if state.exited.is_none() && now >= state.until {
        return errors::timed_out(agent, spec.timeout);
    }
    last_word(process, agent, state.exited, EXIT.min(state.until - now)).await
}

/// Why a process says no more: it exited, or closed its output and does not exit within `left`.
pub(crate) async fn last_word(
    process: &mut Process,
    agent: &str,
    exited: Option<ExitStatus>,
    left: Duration,
) -> AgentError {
    let exited = match exited {
        Some(status) => Some(status),
        None => timeout(left, process.child.wait()).await.ok().and_then(Result::ok),
    };
    match exited {
        Some(status) => errors::exited(agent, &describe(status)),
        None => errors::closed_output(agent),
    }
}

pub(crate) fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
