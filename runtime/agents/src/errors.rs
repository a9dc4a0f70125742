//! Every sentence that this room and the backends say about a call that failed.
//!
//! One constructor per code. The message says what happened, the help says what to do;
//! [`with_stderr`] adds the last lines that the agent itself wrote.

use std::time::Duration;

use prism_vm::Data;

use crate::AgentError;
use crate::duration::show;

/// Lines of standard error that an error repeats.
const STDERR_LINES: usize = 12;

/// Characters of such a line that it repeats.
const STDERR_WIDTH: usize = 300;

fn error(code: &'static str, retryable: bool, message: String, help: String) -> AgentError {
    AgentError { code, message, help, retryable, data: Data::Null }
}

/// Puts the end of the agent's standard error under the help.
pub fn with_stderr(mut error: AgentError, stderr: &str) -> AgentError {
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return error;
    }
    let tail = &lines[lines.len().saturating_sub(STDERR_LINES)..];
    error.help.push_str("\nits standard error ends with:");
    for line in tail {
        error.help.push_str("\n  | ");
        error.help.push_str(&printable(line, STDERR_WIDTH));
    }
    error
}

/// `P2101`: unknown agent.
pub fn unknown_agent(name: &str, nearest: Option<&str>) -> AgentError {
    let help = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("add an `[agents.{name}]` table to prism.toml"),
    };
    error("P2101", false, format!("no agent is called `{name}`"), help)
}

/// `P2102`: too few agents.
pub fn too_few_agents(required: &[&str], found: usize, min: usize) -> AgentError {
    let wanted = if required.is_empty() {
        "the manifest".to_owned()
    } else {
        format!("agents with {}", quoted(required))
    };
    error(
        "P2102",
        false,
        format!("{min} agents are needed, {found} found among {wanted}"),
        "give more agents in prism.toml these capabilities, or lower `@minAgents`".to_owned(),
    )
}

/// `P2103`: program of an agent does not exist.
pub fn program_not_found(agent: &str, program: &str, dir: &str) -> AgentError {
    error(
        "P2103",
        false,
        format!("the program `{program}` of agent `{agent}` does not exist"),
        format!("check `command` of `[agents.{agent}]`; a path is relative to {dir}"),
    )
}

/// `P2104`: program of an agent cannot be started.
pub fn program_not_started(agent: &str, program: &str, reason: &str) -> AgentError {
    error(
        "P2104",
        false,
        format!("the program `{program}` of agent `{agent}` cannot be started: {reason}"),
        format!(
            "make it executable (`chmod +x`) with a `#!` line that exists, or name its interpreter \
             in `command` of `[agents.{agent}]`"
        ),
    )
}

/// The system is short of processes or file descriptors: not the agent's fault.
pub fn system_refused(agent: &str, reason: &str) -> AgentError {
    error(
        "P2104",
        true,
        format!("the system could not start a process for agent `{agent}`: {reason}"),
        format!("lower `concurrency` of `[agents.{agent}]`, or raise the limits of this system"),
    )
}

/// `P2105`: agent exited without an answer.
pub fn exited(agent: &str, how: &str) -> AgentError {
    error(
        "P2105",
        true,
        format!("agent `{agent}` {how} without an answer"),
        "the program must write one line `{\"id\": …, \"value\": …}` before it exits".to_owned(),
    )
}

/// `P2106`: agent closed its output without an answer.
pub fn closed_output(agent: &str) -> AgentError {
    error(
        "P2106",
        true,
        format!("agent `{agent}` closed its standard output without an answer"),
        "the program must write its answer before it closes standard output; it was ended"
            .to_owned(),
    )
}

/// `P2107`: agent gave no answer in time.
pub fn timed_out(agent: &str, after: Duration) -> AgentError {
    error(
        "P2107",
        true,
        format!("agent `{agent}` gave no answer within {}", show(after)),
        format!(
            "raise `timeout` of `[agents.{agent}]` if it needs longer; a program that does not \
             flush its output also looks like this"
        ),
    )
}

/// `P2108`: agent wrote a line that is not JSON.
pub fn not_json(agent: &str, reason: &str, line: &[u8]) -> AgentError {
    error(
        "P2108",
        true,
        format!("agent `{agent}` wrote a line that is not JSON: {reason}"),
        format!(
            "standard output is for the protocol only, log to standard error; the line begins \
             with `{}`",
            beginning(line)
        ),
    )
}

/// `P2109`: agent wrote bytes that are not UTF-8.
pub fn not_utf8(agent: &str, at: usize, line: &[u8]) -> AgentError {
    error(
        "P2109",
        true,
        format!("agent `{agent}` wrote a line that is not UTF-8 (byte {at})"),
        format!("write UTF-8 or escape as `\\u00e9`; the line begins with `{}`", beginning(line)),
    )
}

/// `P2110`: agent wrote a line that is too long.
pub fn line_too_long(agent: &str, limit: usize) -> AgentError {
    error(
        "P2110",
        false,
        format!("agent `{agent}` wrote a line of more than {limit} bytes"),
        format!(
            "answer with a path or a digest instead of the data, or raise `max_line` of \
             `[agents.{agent}]`"
        ),
    )
}

/// `P2111`: answer without the protocol's form.
pub fn bad_answer(agent: &str, what: &str) -> AgentError {
    error(
        "P2111",
        true,
        format!("agent `{agent}` answered without the protocol's form: {what}"),
        "an answer is `{\"id\": …, \"value\": …, \"confidence\": 0.8}` or `{\"id\": …, \
         \"error\": {\"message\": …}}`"
            .to_owned(),
    )
}

/// `P2112`: confidence that is no confidence.
pub fn bad_confidence(agent: &str, found: &str) -> AgentError {
    error(
        "P2112",
        true,
        format!("agent `{agent}` gave the confidence {found}, expected a number in [0, 1]"),
        "clamp it in the agent, or leave `confidence` out when the agent cannot tell".to_owned(),
    )
}

/// `P2113`: answer to another call.
pub fn wrong_id(agent: &str, expected: &str, found: &str) -> AgentError {
    error(
        "P2113",
        true,
        format!("agent `{agent}` answered call {found}, expected {expected}"),
        "copy `id` from the request line into every line of the answer".to_owned(),
    )
}

/// The same, by an agent that works on several.
pub fn unknown_id(agent: &str, found: &str) -> AgentError {
    error(
        "P2113",
        true,
        format!("agent `{agent}` answered call {found}, which it has not, or has answered already"),
        "copy `id` from the request line into every line of the answer".to_owned(),
    )
}

/// `P2114`: agent answered twice.
pub fn answered_twice(agent: &str) -> AgentError {
    error(
        "P2114",
        true,
        format!("agent `{agent}` answered the same call twice"),
        "write one answer per request; what comes before it is `{\"id\": …, \"progress\": …}`"
            .to_owned(),
    )
}

/// `P2115`: data nested too deep.
pub fn too_deep(agent: &str, what: &str, limit: usize) -> AgentError {
    error(
        "P2115",
        false,
        format!("{what} agent `{agent}` is nested deeper than {limit} levels"),
        "send flat data: a list of records with references by name".to_owned(),
    )
}

/// `P2116`: agent reported an error.
pub fn reported(agent: &str, message: &str, retryable: bool, data: Data) -> AgentError {
    let mut failed = error(
        "P2116",
        retryable,
        format!("agent `{agent}` reported: {}", printable(message, 2_000)),
        "the agent decided this itself; `try … catch (e)` in the program can handle it".to_owned(),
    );
    failed.data = data;
    failed
}

/// `P2117`: call was cancelled.
pub fn cancelled(agent: &str) -> AgentError {
    error(
        "P2117",
        false,
        format!("the call of agent `{agent}` was cancelled"),
        "the run was stopped, or left the scope that the call belonged to".to_owned(),
    )
}

/// `P2118`: agent is not called for now.
pub fn resting(agent: &str, failures: u32, again: Duration, last: Option<&str>) -> AgentError {
    let last = last.map(|last| format!("; the last failure: {last}")).unwrap_or_default();
    error(
        "P2118",
        true,
        format!("agent `{agent}` failed {failures} times in a row and is not called for now"),
        format!("it is tried again in {}{last}", show(again)),
    )
}

/// `P2119`: too many calls wait for an agent.
pub fn queue_full(agent: &str, waiting: usize) -> AgentError {
    error(
        "P2119",
        true,
        format!("{waiting} calls already wait for agent `{agent}`"),
        format!("raise `concurrency` or `queue` of `[agents.{agent}]`, or call it in batches"),
    )
}

/// `P2120`: call did not finish within its deadline.
pub fn deadline_passed(agent: &str, deadline: Duration) -> AgentError {
    error(
        "P2120",
        false,
        format!("the call of agent `{agent}` did not finish within its {}", show(deadline)),
        "give the call more time, or the agent more `concurrency`".to_owned(),
    )
}

/// `P2123`: agent that is asked at most once.
pub fn only_once(agent: &str) -> AgentError {
    error(
        "P2123",
        false,
        format!("agent `{agent}` is asked at most once, and `agent.call` may ask again"),
        "call it with `once` of `@prism/execution`, and handle the outcome `unknown`".to_owned(),
    )
}

/// `P2121`: backend that is not available.
pub fn no_backend(agent: &str, backend: &str, known: &[&str]) -> AgentError {
    error(
        "P2121",
        false,
        format!("agent `{agent}` wants the backend `{backend}`, which is not available here"),
        format!("available: {}", quoted(known)),
    )
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The first characters of a line, safe to print.
fn beginning(line: &[u8]) -> String {
    let head = &line[..line.len().min(400)];
    printable(&String::from_utf8_lossy(head), 60)
}

/// A text from outside, short and without what a terminal would obey.
fn printable(text: &str, width: usize) -> String {
    let safe = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(width).map(safe).collect();
    if text.chars().nth(width).is_some() {
        shown.push('…');
    }
    shown
}
