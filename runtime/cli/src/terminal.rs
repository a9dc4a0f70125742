//! The person at the terminal, if there is one: colours, printing, and asking.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;

use prism_agents::BoxFuture;
use prism_engine::{Ask, Decision, Question};
use prism_vm::Data;
use tokio::sync::oneshot;

use crate::args::Color;
use crate::deliver::question_text;
use crate::progress::Progress;

/// What standard input and standard error are connected to.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    pub color: bool,
    /// Standard error is a terminal: progress may be drawn there.
    pub is_watched: bool,
    /// So is standard input: a person can answer.
    has_person: bool,
}

impl Terminal {
    pub fn new(wanted: Color) -> Terminal {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_watched = std::io::stderr().is_terminal();
        let color = match wanted {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_watched && !is_set("NO_COLOR") && !is_dumb,
        };
        let has_person = is_watched && std::io::stdin().is_terminal();
        Terminal { color, is_watched: is_watched && !is_dumb, has_person }
    }

    /// The person to ask; `None` when nobody sits there.
    pub fn person(self, progress: &Arc<Progress>) -> Option<Arc<dyn Ask>> {
        self.has_person.then(|| Arc::new(Person { progress: progress.clone() }) as Arc<dyn Ask>)
    }
}

/// Asks on the terminal, one question at a time.
struct Person {
    progress: Arc<Progress>,
}

impl Ask for Person {
    fn ask(&self, question: Question) -> BoxFuture<Option<Decision>> {
        let progress = self.progress.clone();
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            // A thread of its own: reading a line cannot be cancelled, and it must not keep
            // the run from going on when the decision comes from elsewhere.
            std::thread::spawn(move || {
                let decision = progress.paused(|| converse(&question));
                // The decision may have come from elsewhere.
                let _ = answer.send(decision);
            });
            answered.await.unwrap_or(None)
        })
    }
}

/// `None` when the input ends before there is an answer.
fn converse(question: &Question) -> Option<Decision> {
    let mut prompt = question_text(question);
    loop {
        let decision = match question.choices.is_empty() {
            true => yes_or_no(&prompt)?,
            false => choice(question, &prompt)?,
        };
        match decision {
            Some((approved, choice)) => {
                let reason = line("  reason (may be empty): ")?;
                return Some(Decision { approved, choice, reason, by: user() });
            }
            None => prompt = String::new(),
        }
    }
}

type Answer = Option<(bool, Option<Data>)>;

fn yes_or_no(prompt: &str) -> Option<Answer> {
    let answer = line(&format!("{prompt}  approve? [y/n] "))?;
    Some(match answer.to_lowercase().as_str() {
        "y" | "yes" => Some((true, None)),
        "n" | "no" => Some((false, None)),
        _ => None,
    })
}

fn choice(question: &Question, prompt: &str) -> Option<Answer> {
    let answer =
        line(&format!("{prompt}  which one? [1-{}, or n for no] ", question.choices.len()))?;
    if matches!(answer.to_lowercase().as_str(), "n" | "no") {
        return Some(Some((false, None)));
    }
    let by_number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let by_text =
        || question.choices.iter().position(|choice| prism_cli::show::result(choice) == answer);
    let chosen = by_number.or_else(by_text).and_then(|place| question.choices.get(place));
    Some(chosen.map(|choice| (true, Some(choice.clone()))))
}

/// One line from the terminal without its end; `None` at the end of the input.
fn line(prompt: &str) -> Option<String> {
    print_error(prompt);
    let mut text = String::new();
    match std::io::stdin().lock().read_line(&mut text) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(text.trim().to_owned()),
    }
}

/// Who sits at the terminal, as far as the system knows.
pub fn user() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Prints; a reader that has gone away is not an error of ours.
pub fn print(text: &str) {
    prism_driver::print(text.as_bytes());
}

pub fn print_error(text: &str) {
    // Nobody is left to tell when this fails.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
