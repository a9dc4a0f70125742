//! The command line of `prism`. The help is written to be read: every verb shows an example.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use prism_cli::stores;

/// Run Prism programs: agents are called, every step is journalled, and a run survives a crash.
#[derive(Debug, Parser)]
#[command(
    name = "prism",
    version,
    after_help = "Examples:
  prism run review.prism --input '{\"path\": \"src\"}'
  prism run review.prism --json --answers answers.json
  prism runs                              what ran here, newest first
  prism approve r_3zk8q1 --reason 'read it'
  prism resume r_3zk8q1                    go on after a crash, Ctrl-C or a reboot

Exit status: 0 completed, 1 rejected or failed, 2 usage, 3 waiting for a person, 130 interrupted."
)]
pub struct Args {
    /// When to use colours; `auto` asks the terminal and NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    Run(Run),
    Resume(Resume),
    Runs(Runs),
    Events(Events),
    Logs(Logs),
    Approvals(Approvals),
    Approve(Approve),
    Cancel(Cancel),
    Status(Status),
    Worker(Worker),
    Schedule(Schedule),
    Schedules(Schedules),
    Replay(Replay),
    Diff(Diff),
    Audit(Audit),
    Calibration(Calibration),
    Gc(Gc),
    Values(Values),
    Migrate(Migrate),
    Test(Test),
    Repl(Repl),
    Completions(Completions),
}

/// Run a program or an artifact
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism run review.prism --input @request.json
  prism run review.prism --set agents='[\"security\", \"style\"]'
  prism run review.prismc --json | jq .value
  prism run review.prism --answers '@answers.json'   no agent is called: the file answers

Without --json, printed lines go to standard output, then the result.
With --json, standard output is one object: {\"run\",\"status\",\"value\",\"confidence\",\"output\"}.")]
pub struct Run {
    /// A .prism program or a .prismc artifact
    #[arg(value_name = "FILE|ARTIFACT")]
    pub file: PathBuf,
    /// The value of `input`: JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    pub input: Option<String>,
    /// Any other name that the host supplies, such as `agents`, `task` or `agentResults`
    #[arg(long = "set", value_name = "NAME=JSON|@FILE")]
    pub sets: Vec<String>,
    /// Answer effects from a script instead of the world:
    /// {"llm":[{"value":"…","confidence":0.85}],"agent.call":[…],"human.approve":[…]}
    #[arg(long, value_name = "FILE")]
    pub answers: Option<String>,
    /// Stop the program after so many steps (a call and each turn of a loop count one)
    #[arg(long, value_name = "N")]
    pub fuel: Option<u64>,
    /// Stop the program when its values take more than so many mebibytes [default: 1024]
    #[arg(long, value_name = "MIB")]
    pub memory: Option<u32>,
    /// 0: as written, 1: every pass of the optimizer
    #[arg(short = 'O', value_name = "LEVEL", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub level: u8,
    /// Interpret everything: make no machine code of what is hot
    #[arg(long)]
    pub no_native: bool,
    /// Go on before answers are on disk: a crash may lose so much of the run, such as 50ms
    #[arg(long, value_name = "SPAN", conflicts_with = "no_store")]
    pub fast: Option<String>,
    /// Keep nothing on disk: the run cannot be resumed
    #[arg(long, conflicts_with = "store")]
    pub no_store: bool,
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub output: Output,
}

/// Go on with a run: after a crash, an interruption, or an approval
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism resume r_3zk8q1
  prism resume r_3zk8q1 --json
  prism resume --all              every run that nobody drives and that waits for nothing

Answers that are in the journal are not asked for again. The first characters of a run's name
are enough when they are unique.")]
pub struct Resume {
    /// The run's name, or its first characters
    #[arg(value_name = "RUN", required_unless_present = "all")]
    pub run: Option<String>,
    /// All runs that can go on, until each has ended or waits
    #[arg(long, conflicts_with_all = ["run", "answers"])]
    pub all: bool,
    /// Answer effects from a script instead of the world, as for `prism run`
    #[arg(long, value_name = "FILE")]
    pub answers: Option<String>,
    /// Interpret everything: make no machine code of what is hot
    #[arg(long)]
    pub no_native: bool,
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub output: Output,
}

/// Drive whatever is due, until it is stopped: crashed runs, decided ones, timers that have ended, times of schedules
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism worker
  prism worker --limit 100 --json

Several workers may share a store: each run is driven by one process at a time. A run that waits
for a person or for a timer is put down and costs nothing until then. SIGTERM and Ctrl-C put
every run down in good order.")]
pub struct Worker {
    /// Runs that are driven at the same time
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub limit: usize,
    /// Remove runs that ended before so long: 90d, 12h
    #[arg(long, value_name = "SPAN")]
    pub retention: Option<String>,
    /// Interpret everything: make no machine code of what is hot
    #[arg(long)]
    pub no_native: bool,
    #[command(flatten)]
    pub store: Store,
    /// One JSON object per run that was driven, on standard output
    #[arg(long)]
    pub json: bool,
}

/// Let a program run by itself, at the times of its `@schedule`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism schedule report.prism
  prism schedule report.prism --input '{\"to\": \"team\"}' --json

The header says when: `@schedule 0 9 * * 1-5 Europe/Berlin`. `prism worker` starts the runs, each
time once, however many workers there are. A schedule of a program of the same name is replaced;
`prism cancel` ends one. The program reads the time that it runs for as `context.scheduledAt`.")]
pub struct Schedule {
    /// A .prism program or a .prismc artifact
    #[arg(value_name = "FILE|ARTIFACT")]
    pub file: PathBuf,
    /// The value of `input`, for every run: JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    pub input: Option<String>,
    /// Any other name that the host supplies, such as `agents` or `task`
    #[arg(long = "set", value_name = "NAME=JSON|@FILE")]
    pub sets: Vec<String>,
    /// Stop each run after so many steps
    #[arg(long, value_name = "N")]
    pub fuel: Option<u64>,
    /// Stop each run when its values take more than so many mebibytes [default: 1024]
    #[arg(long, value_name = "MIB")]
    pub memory: Option<u32>,
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub output: Output,
}

impl Schedule {
    /// The arguments of a run that is one of the schedule's.
    pub fn as_run(&self) -> Run {
        Run {
            file: self.file.clone(),
            input: self.input.clone(),
            sets: self.sets.clone(),
            answers: None,
            fast: None,
            fuel: self.fuel,
            memory: self.memory,
            level: 1,
            no_native: true,
            no_store: false,
            store: Store { store: self.store.store.clone() },
            output: Output { json: self.output.json },
        }
    }
}

/// List what runs by itself, and when next
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  prism schedules --json | jq '.schedules[].next'")]
pub struct Schedules {
    /// One JSON object: {\"schedules\":[{\"schedule\",\"program\",\"when\",\"next\",\"last\"}]}
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// List what people are asked
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism approvals
  prism approvals r_3zk8q1 --json")]
pub struct Approvals {
    /// Only this run
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// One JSON object: {\"approvals\":[{\"run\",\"question\",\"reason\",\"proposal\",\"hash\",…}]}
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// End a run; what its agents do is stopped
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  prism cancel r_3zk8q1 --reason 'wrong input'")]
pub struct Cancel {
    #[command(flatten)]
    pub of: Named,
    /// Why; the journal keeps it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    /// One JSON object: {\"run\",\"ended\"}
    #[arg(long)]
    pub json: bool,
}

/// Show where a run stands
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  prism status r_3zk8q1 --json | jq .status")]
pub struct Status {
    #[command(flatten)]
    pub of: Named,
    #[command(flatten)]
    pub output: Output,
}

/// List runs, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism runs
  prism runs --status waiting
  prism runs --limit 20 --before r_3zk8q1    the twenty before that one
  prism runs --json | jq '.runs[] | select(.status == \"waiting\") | .run'")]
pub struct Runs {
    /// Only runs that are so: running, waiting, interrupted, completed, failed, cancelled
    #[arg(long, value_name = "STATUS", value_parser = status)]
    pub status: Option<prism_journal::Status>,
    /// List at most so many, and say where to go on
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroU64>,
    /// Only runs that are older than this one
    #[arg(long, value_name = "RUN")]
    pub before: Option<String>,
    /// One JSON object: {"runs":[{"run","status","program","started"}],"next"}
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

fn status(name: &str) -> Result<prism_journal::Status, String> {
    let mut all = (0..=u8::MAX).filter_map(prism_journal::Status::from_number);
    all.find(|status| status.name() == name).ok_or_else(|| {
        "runs are running, waiting, interrupted, completed, failed or cancelled".into()
    })
}

/// Print what happened in a run, one JSON object per line
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism events r_3zk8q1
  prism events r_3zk8q1 --follow --from 12    from event 12 on, and what is still to come
  prism events r_3zk8q1 --from 900 --snapshots 100    where the run stood before 900, first
  prism events r_3zk8q1 --from 900 --limit 100    a hundred events, and where to go on

Events are numbered from 1 without gaps, so a reader that stops can go on where it was. One that
is too slow holds up nothing: a line of type `lagged` says how far it is behind, and everything
that it missed follows. Where `--limit` leaves some out, the last line is of type `more`, and its
`data.next` is the next `--from`.")]
pub struct Events {
    #[command(flatten)]
    pub of: Named,
    /// Keep printing until the run has ended
    #[arg(long)]
    pub follow: bool,
    /// The first event to print
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    pub from: u64,
    /// Print at most so many events, and say where to go on
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroU64>,
    /// Also print where the run stands, after every so many events
    #[arg(long, value_name = "N")]
    pub snapshots: Option<NonZeroU64>,
}

/// Print what a run and its agents wrote, line by line
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism logs r_3zk8q1
  prism logs r_3zk8q1 --follow
  prism logs r_3zk8q1 --agent security         only what this agent wrote to its standard error
  prism logs r_3zk8q1 --from 900 --limit 100    a hundred lines, and where to go on

Lines of the program stand as they are, those of an agent behind its name.")]
pub struct Logs {
    #[command(flatten)]
    pub of: Named,
    /// Keep printing until the run has ended
    #[arg(long)]
    pub follow: bool,
    /// Only the lines of this agent
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// The first line to print; lines are numbered from 1, those of all agents included
    #[arg(long, value_name = "LINE", default_value_t = 1)]
    pub from: u64,
    /// Print at most so many lines, and say where to go on
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroU64>,
    /// One JSON object per line: {\"run\",\"number\",\"seq\",\"time\",\"from\",\"line\"}
    #[arg(long)]
    pub json: bool,
}

/// Decide what a run waits for, and let it go on
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism approve r_3zk8q1
  prism approve r_3zk8q1 --reject --reason 'the fix is missing'
  prism approve r_3zk8q1 --choice rollback")]
pub struct Approve {
    #[command(flatten)]
    pub of: Named,
    /// Say no
    #[arg(long)]
    pub reject: bool,
    /// Why; the program and the journal see it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    /// One of the choices that the program offers
    #[arg(long, value_name = "CHOICE")]
    pub choice: Option<String>,
    /// Decide only the proposal with this hash, or its first characters: what was seen
    #[arg(long, value_name = "HASH")]
    pub proposal: Option<String>,
    /// Who decides; the name of the user if not given
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Only record the decision; `prism resume` goes on later
    #[arg(long)]
    pub no_resume: bool,
    #[command(flatten)]
    pub output: Output,
}

/// Run a recorded run again: the same, from a site on, or with something changed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism replay r_3zk8q1                              identical, or the first difference
  prism replay r_3zk8q1 --program new.prism          what would the new version have done?
  prism replay r_3zk8q1 --from review.prism:12       a new run: recorded answers up to there
  prism replay r_3zk8q1 --mode freeze --input @other.json
  prism replay r_3zk8q1 --mode shadow                ask the agents again, and compare

The recorded run is only read. `--mode freeze` starts a new run, which takes the recorded answers
as far as they fit, asks the world for the rest, and remembers where it comes from.

Exit status: 0 identical, 1 different or failed; with --mode freeze, that of `prism run`.")]
pub struct Replay {
    #[command(flatten)]
    pub of: Named,
    /// Where the recorded answers end: a line of the program, or a site (the name in effect ids)
    #[arg(long, value_name = "FILE:LINE|SITE")]
    pub from: Option<String>,
    /// What answers from `--from` on [default: freeze with --from, else nothing]
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Another value of `input`: JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    pub input: Option<String>,
    /// Another program or artifact in place of the recorded one
    #[arg(long, value_name = "FILE|ARTIFACT")]
    pub program: Option<PathBuf>,
    /// Answer effects from a script instead of the world, as for `prism run`
    #[arg(long, value_name = "FILE")]
    pub answers: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Recorded answers as far as they go, then the world, in a new run
    Freeze,
    /// The recorded way, while agents are asked again and compared
    Shadow,
}

/// Show what is different between two runs
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  prism diff r_3zk8q1 r_3zk9ab

Exit status: 0 no difference, 1 some.")]
pub struct Diff {
    #[arg(value_name = "RUN")]
    pub left: String,
    #[arg(value_name = "RUN")]
    pub right: String,
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub output: Output,
}

/// Check or hand over the record of a run
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism audit verify r_3zk8q1                  every entry is as it was written
  prism audit verify r_3zk8q1 --head HASH      and still contains what an earlier audit saw
  prism audit export r_3zk8q1 > r_3zk8q1.jsonl

Exit status: 0 whole, 1 an entry or a stored value is changed, missing or out of place.")]
pub struct Audit {
    #[command(subcommand)]
    pub what: AuditVerb,
}

#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// Check the chain of hashes and every stored value
    Verify(AuditVerify),
    /// Print every entry as one line of JSON
    Export(AuditExport),
}

#[derive(Debug, clap::Args)]
pub struct AuditVerify {
    #[command(flatten)]
    pub of: Named,
    /// The head that an earlier audit printed
    #[arg(long, value_name = "HASH")]
    pub head: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, clap::Args)]
pub struct AuditExport {
    #[command(flatten)]
    pub of: Named,
}

/// Remove runs that ended long ago, with what only they had
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism gc --older-than 90d
  prism gc --older-than 7d --keep 1000 --dry-run

A run that has not ended stays, however old it is. `prism worker --retention 90d` does the same
while it works.")]
pub struct Gc {
    /// Runs that ended before so long: 30d, 12h
    #[arg(long, value_name = "SPAN")]
    pub older_than: String,
    /// But keep so many of those that ended last
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep: usize,
    /// Only say which
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON object: {"runs","values"}, or {"would_remove"}
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// Show where the large values of a store are, or move them
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism values                           say where they are
  prism values --to s3://bucket/runs     keep them in a bucket from now on
  prism values --to beside               bring them back

Values of 64 KiB and more are large. A bucket is reached with AWS_ENDPOINT_URL, AWS_REGION,
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, by every process that uses the store. End those
processes before values are moved.")]
pub struct Values {
    /// Move them: `s3://BUCKET/PREFIX`, or `beside` the store, which for a database is in it
    #[arg(long, value_name = "PLACE")]
    pub to: Option<String>,
    /// One JSON object: {\"place\",\"moved\"}, the place null beside the store
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// Bring a store to the format of another Prism
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  prism migrate --to 1        for the Prism that wrote format 1

An older store is brought to the newest format when it is opened. End every process that uses the
store first.")]
pub struct Migrate {
    /// The format
    #[arg(long, value_name = "N")]
    pub to: i64,
    /// One JSON object: {\"from\",\"to\"}
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// Show how often stated confidences were right, by what people decided
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism calibration
  prism calibration --agent security --svg reliability.svg
  prism calibration --json | jq '.groups[] | select(.agent == \"security\") | .map'

A decision judges the proposal that it is about, and every answer of an agent that is equal to it;
with choices, every answer that is one of them. `calibrate(map)` of `@prism/confidence` applies a
map that is learned so.")]
pub struct Calibration {
    /// Only runs of the program with this name
    #[arg(long, value_name = "NAME")]
    pub program: Option<String>,
    /// Only what this agent stated
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// Also draw it: a panel for each program and agent
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// One JSON object: {\"groups\":[{\"program\",\"agent\",\"n\",\"brier\",\"ece\",\"bins\",\"map\"}]}
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// Run the `test` blocks of programs
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prism test                               every test below this folder
  prism test review.prism --filter gate    those whose name contains `gate`
  prism test --coverage --junit report.xml

Each test runs on a machine of its own. Its handlers answer for agents; an effect that they leave
to the host fails the test. Sleeping costs no time.

Exit status: 0 all passed, 1 some failed, a file has errors or there are no tests, 2 usage.")]
pub struct Test {
    /// Programs, or folders with programs [default: this folder]
    #[arg(value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Only tests whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Also list the branches, bands, loops and functions that no test reached
    #[arg(long)]
    pub coverage: bool,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Tests that run at the same time [default: one per core]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Stop each test after so many steps
    #[arg(long, value_name = "N", default_value_t = 100_000_000)]
    pub fuel: u64,
    /// One JSON object: {"passed","failed","tests":[{"file","name","status","ms","output","error"?}]}
    #[arg(long)]
    pub json: bool,
}

/// Enter programs line by line; shows values with their types and confidences
#[derive(Debug, clap::Args)]
pub struct Repl {
    /// Stop an entry after so many steps, those of the entries before it among them
    #[arg(long, value_name = "N", default_value_t = 100_000_000)]
    pub fuel: u64,
}

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  prism completions bash > ~/.local/share/bash-completion/completions/prism")]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: Shell,
}

/// One run of a store.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The run's name, or its first characters
    #[arg(value_name = "RUN")]
    pub run: String,
    #[command(flatten)]
    pub store: Store,
}

/// Where runs are kept.
#[derive(Debug, clap::Args)]
pub struct Store {
    /// The journal: a folder, an SQLite file, or postgres://… [default: .prism beside prism.toml]
    #[arg(long, value_name = "DIR|FILE|URL", env = "PRISM_STORE", value_parser = stores::parse)]
    pub store: Option<PathBuf>,
}

/// How results are shown.
#[derive(Debug, clap::Args)]
pub struct Output {
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
}
