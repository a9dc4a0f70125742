//! `prism repl`: reads entries, runs them, prints what they are.

use std::borrow::Cow;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use prism_cli::repl::{Repl, Reply};
use prism_cli::{report, words};
use prism_vm::Limits;
use reedline::{
    FileBackedHistory, Prompt, PromptEditMode, PromptHistorySearch, Reedline, Signal,
    ValidationResult, Validator,
};

use crate::args;
use crate::terminal::{Terminal, print, print_error};

const HELP: &str = "\
an entry may have several lines; it ends when its brackets are closed
  :type EXPR   the type and the confidence of an expression, which is not run
  :reset       forget everything
  :quit        leave, as does Ctrl-D
";

/// Entries that are remembered.
const HISTORY: usize = 1000;

pub fn run(args: &args::Repl, terminal: Terminal) -> ExitCode {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let repl = Repl::new(&here, Limits { fuel: args.fuel, ..Limits::default() });
    if std::io::stdin().is_terminal() { with_editor(repl, terminal) } else { lines(repl, terminal) }
}

/// From a pipe: no prompt, and the first entry that goes wrong is the exit status.
fn lines(repl: Repl, terminal: Terminal) -> ExitCode {
    let mut session = Session { repl, terminal, has_failed: false };
    let mut entry = String::new();
    for line in std::io::stdin().lock().split(b'\n') {
        let Ok(line) = line else { break };
        let Ok(line) = str::from_utf8(&line) else {
            session.wrong(&words::line_not_utf8().render(terminal.color));
            entry.clear();
            continue;
        };
        entry.push_str(line.strip_suffix('\r').unwrap_or(line));
        if !prism_driver::is_complete(&entry) {
            entry.push('\n');
            continue;
        }
        if session.enter(&std::mem::take(&mut entry)).is_break() {
            return session.status();
        }
    }
    let _ = session.enter(&entry);
    session.status()
}

fn with_editor(repl: Repl, terminal: Terminal) -> ExitCode {
    let mut editor = Reedline::create().with_validator(Box::new(Brackets));
    if let Some(history) = history() {
        editor = editor.with_history(history);
    }
    let mut session = Session { repl, terminal, has_failed: false };
    print("Prism; :help says what else there is\n");
    loop {
        match editor.read_line(&Sign) {
            Ok(Signal::Success(entry)) => {
                if session.enter(&entry).is_break() {
                    return ExitCode::SUCCESS;
                }
            }
            Ok(Signal::CtrlC) => {}
            Ok(_) | Err(_) => return ExitCode::SUCCESS,
        }
    }
}

/// Kept between sessions, where the user's state belongs.
fn history() -> Option<Box<FileBackedHistory>> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state"));
    let folder = state.or_else(home)?.join("prism");
    std::fs::create_dir_all(&folder).ok()?;
    FileBackedHistory::with_file(HISTORY, folder.join("history")).ok().map(Box::new)
}

struct Session {
    repl: Repl,
    terminal: Terminal,
    has_failed: bool,
}

impl Session {
    /// Break: the user wants to leave.
    fn enter(&mut self, entry: &str) -> std::ops::ControlFlow<()> {
        match entry.trim() {
            "" => {}
            ":quit" | ":q" => return std::ops::ControlFlow::Break(()),
            ":help" => print(HELP),
            ":reset" => self.repl.reset(),
            command => match command.strip_prefix(":type ") {
                Some(expr) => match self.repl.type_of(expr) {
                    Ok(ty) => print(&format!("{ty}\n")),
                    Err(rejected) => self.wrong(&rejected.render(self.terminal.color)),
                },
                None => self.run(entry),
            },
        }
        std::ops::ControlFlow::Continue(())
    }

    fn run(&mut self, entry: &str) {
        match self.repl.enter(entry) {
            Reply::Done { printed, value } => {
                printed.into_iter().chain(value).for_each(|line| print(&format!("{line}\n")));
            }
            Reply::Rejected(rejected) => self.wrong(&rejected.render(self.terminal.color)),
            Reply::Failed { printed, problem } => {
                printed.into_iter().for_each(|line| print(&format!("{line}\n")));
                self.wrong(&problem.render(self.terminal.color));
            }
        }
    }

    fn wrong(&mut self, text: &str) {
        self.has_failed = true;
        print_error(text);
    }

    fn status(&self) -> ExitCode {
        ExitCode::from(if self.has_failed { report::FAILED } else { report::COMPLETED })
    }
}

/// An entry goes on while a bracket or a text is open.
struct Brackets;

impl Validator for Brackets {
    fn validate(&self, entry: &str) -> ValidationResult {
        match prism_driver::is_complete(entry) {
            true => ValidationResult::Complete,
            false => ValidationResult::Incomplete,
        }
    }
}

struct Sign;

impl Prompt for Sign {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("| ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!("(search: {}) ", search.term))
    }
}
