//! Asks the person at the terminal, one question at a time.

use std::io::BufRead;
use std::sync::Arc;

use prism_agents::BoxFuture;
use prism_engine::{Ask, Decision, Question};
use prism_vm::Data;
use tokio::sync::{Mutex, mpsc};

use crate::deliver::question_text;
use crate::progress::Progress;
use crate::terminal::{print_error, user};

pub struct Person {
    progress: Arc<Progress>,
    /// Whoever asks holds them until the question is decided.
    lines: Arc<Mutex<Lines>>,
}

impl Person {
    pub fn new(progress: Arc<Progress>) -> Person {
        Person { progress, lines: Arc::default() }
    }
}

impl Ask for Person {
    fn ask(&self, question: Question) -> BoxFuture<Option<Decision>> {
        let (progress, lines) = (self.progress.clone(), self.lines.clone());
        Box::pin(async move {
            let mut lines = lines.lock().await;
            let _paused = progress.pause();
            converse(&mut lines, &question).await
        })
    }
}

/// `None` when the input ends before there is an answer.
async fn converse(lines: &mut Lines, question: &Question) -> Option<Decision> {
    let mut prompt = question_text(question);
    loop {
        let answer = lines.after(&format!("{prompt}  {}", asked(question))).await?;
        let decided = match question.choices.is_empty() {
            true => yes_or_no(&answer),
            false => choice(question, &answer),
        };
        if let Some((approved, choice)) = decided {
            let reason = lines.after("  reason (may be empty): ").await?;
            return Some(Decision { approved, choice, reason, by: user() });
        }
        prompt = String::new();
    }
}

fn asked(question: &Question) -> String {
    match question.choices.len() {
        0 => "approve? [y/n] ".to_owned(),
        n_choices => format!("which one? [1-{n_choices}, or n for no] "),
    }
}

/// What a line says; `None` when it is no answer.
type Answer = Option<(bool, Option<Data>)>;

fn yes_or_no(answer: &str) -> Answer {
    match answer.to_lowercase().as_str() {
        "y" | "yes" => Some((true, None)),
        "n" | "no" => Some((false, None)),
        _ => None,
    }
}

fn choice(question: &Question, answer: &str) -> Answer {
    if matches!(answer.to_lowercase().as_str(), "n" | "no") {
        return Some((false, None));
    }
    let by_number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let by_text =
        || question.choices.iter().position(|choice| prism_cli::show::result(choice) == answer);
    let chosen = by_number.or_else(by_text).and_then(|place| question.choices.get(place));
    chosen.map(|choice| (true, Some(choice.clone())))
}

/// The lines that are typed. They are read by a thread of its own, one when it is wanted: reading
/// cannot be cancelled, and must not keep a run from going on when the decision comes from
/// elsewhere.
#[derive(Default)]
struct Lines {
    reader: Option<Reader>,
    /// A line was wanted and has not been taken: whoever asks next gets it.
    is_wanted: bool,
}

struct Reader {
    want: mpsc::UnboundedSender<()>,
    typed: mpsc::UnboundedReceiver<Option<String>>,
}

impl Lines {
    /// The next line without its end, behind a prompt; `None` at the end of the input.
    async fn after(&mut self, prompt: &str) -> Option<String> {
        if self.is_wanted {
            // Behind the prompt of a question that was decided elsewhere.
            print_error("\n");
        }
        print_error(prompt);
        let reader = self.reader.get_or_insert_with(reader);
        if !self.is_wanted {
            self.is_wanted = reader.want.send(()).is_ok();
        }
        let line = reader.typed.recv().await.flatten();
        self.is_wanted = false;
        line
    }
}

fn reader() -> Reader {
    let (want, mut wanted) = mpsc::unbounded_channel();
    let (type_in, typed) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        while wanted.blocking_recv().is_some() {
            if type_in.send(line()).is_err() {
                break;
            }
        }
    });
    Reader { want, typed }
}

fn line() -> Option<String> {
    let mut text = String::new();
    match std::io::stdin().lock().read_line(&mut text) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(text.trim().to_owned()),
    }
}
