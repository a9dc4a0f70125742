//! What is shown while a run goes on: its printed lines, and on a terminal the agents at work.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use prism_cli::show::seen;
use prism_engine::{Event, EventKind, Watch};
use serde_json::Value;

use crate::terminal::{Terminal, print, print_error};

/// Redraws per second: enough for the eye.
const REDRAWS: u8 = 10;

/// Prints lines as they come and keeps one status line at the bottom of a terminal.
pub struct Progress {
    is_watched: bool,
    prints_lines: bool,
    bar: Mutex<Bar>,
}

/// The status line, made when the first agent starts.
#[derive(Default)]
struct Bar {
    line: Option<ProgressBar>,
    /// Agents at work, in the order in which they began.
    working: Vec<String>,
    done: u64,
    failed: u64,
    is_paused: bool,
}

impl Progress {
    pub fn new(terminal: Terminal, prints_lines: bool) -> Progress {
        Progress { is_watched: terminal.is_watched, prints_lines, bar: Mutex::default() }
    }

    /// Removes the status line.
    pub fn finish(&self) {
        if let Some(line) = self.bar().line.take() {
            line.finish_and_clear();
        }
    }

    /// Leaves the terminal to somebody else, without the status line, for as long as the result is
    /// kept.
    pub fn pause(&self) -> Paused<'_> {
        self.set_paused(true);
        Paused { progress: self }
    }

    fn set_paused(&self, is_paused: bool) {
        let mut bar = self.bar();
        bar.is_paused = is_paused;
        if let Some(line) = bar.line.take().filter(|_| is_paused) {
            line.finish_and_clear();
        }
        bar.draw();
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Bar> {
        self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Shows the status line again when it is dropped.
pub struct Paused<'a> {
    progress: &'a Progress,
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.progress.set_paused(false);
    }
}

impl Watch for Progress {
    fn wants(&self, kind: EventKind) -> bool {
        // The program may go on without the answer, and nothing else would say why.
        kind == EventKind::AgentFailed || self.is_watched && is_of_agent(kind)
    }

    fn event(&self, event: &Event) {
        let mut bar = self.bar();
        let agent = event.data["agentName"].as_str().unwrap_or("agent").to_owned();
        if event.kind == EventKind::AgentFailed {
            bar.tell(&agent, &event.data);
        }
        if !self.is_watched {
            return;
        }
        match event.kind {
            EventKind::AgentStarted => bar.working.push(agent),
            EventKind::AgentCompleted => bar.left(&agent, |bar| bar.done += 1),
            EventKind::AgentFailed => bar.left(&agent, |bar| bar.failed += 1),
            EventKind::AgentCancelled => bar.left(&agent, |_| {}),
            // Of an attempt that failed, or in an agent's own words; nothing else is wanted.
            _ => bar.tell(&agent, &event.data),
        }
        bar.draw();
    }

    fn line(&self, line: &str) {
        if !self.prints_lines {
            return;
        }
        let text = format!("{line}\n");
        match &self.bar().line {
            Some(bar) => bar.suspend(|| print(&text)),
            None => print(&text),
        }
    }
}

/// Whether it is what a status line is made of.
fn is_of_agent(kind: EventKind) -> bool {
    match kind {
        EventKind::AgentStarted
        | EventKind::AgentCompleted
        | EventKind::AgentFailed
        | EventKind::AgentCancelled
        | EventKind::AgentRetrying
        | EventKind::AgentMessage => true,
        EventKind::Started
        | EventKind::AgentsSelected
        | EventKind::Progress
        | EventKind::AgentsCompleted
        | EventKind::Waiting
        | EventKind::Escalated
        | EventKind::Decided
        | EventKind::Published
        | EventKind::Checkpoint
        | EventKind::Log
        | EventKind::Ticked
        | EventKind::Interrupted
        | EventKind::Resumed
        | EventKind::Completed
        | EventKind::Failed
        | EventKind::Cancelled => false,
    }
}

impl Bar {
    fn left(&mut self, agent: &str, count: impl FnOnce(&mut Bar)) {
        if let Some(place) = self.working.iter().position(|working| working == agent) {
            self.working.remove(place);
        }
        count(self);
    }

    /// A line above the status line: an attempt that failed, or an agent's own words.
    fn tell(&self, agent: &str, data: &Value) {
        let words = match (&data["error"], &data["message"]) {
            (Value::String(error), _) => error.clone(),
            (_, Value::String(message)) => message.clone(),
            (_, other) => other.to_string(),
        };
        let text = format!("  {agent}: {}\n", seen(&words));
        match &self.line {
            Some(line) => line.suspend(|| print_error(&text)),
            None => print_error(&text),
        }
    }

    fn draw(&mut self) {
        if self.is_paused {
            return;
        }
        if self.working.is_empty() {
            if let Some(line) = self.line.take() {
                line.finish_and_clear();
            }
            return;
        }
        let text = self.text();
        let line = self.line.get_or_insert_with(spinner);
        line.set_message(text);
        line.tick();
    }

    fn text(&self) -> String {
        let shown: Vec<&str> = self.working.iter().map(String::as_str).take(4).collect();
        let more = self.working.len().saturating_sub(shown.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let failed =
            if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        format!("{}{more} at work; {} done{failed}", shown.join(", "), self.done)
    }
}

fn spinner() -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(REDRAWS);
    let line = ProgressBar::with_draw_target(None, target);
    let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}")
        .expect("the template is a constant that indicatif can read");
    line.set_style(style);
    line.enable_steady_tick(Duration::from_millis(100));
    line
}
