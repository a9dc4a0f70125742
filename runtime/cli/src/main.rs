//! `prism`: runs Prism programs and looks after their runs.
//!
//! In: arguments. Out: standard output and the exit status: 0 completed, 1 rejected or failed,
//! 2 usage, 3 waiting for a person, 130 interrupted. One file per verb in `verbs/`.

mod args;
mod deliver;
mod person;
mod progress;
mod terminal;
mod verbs;

use std::process::ExitCode;

use args::{Args, Verb};
use clap::Parser;
use prism_allocator::Allocator;
use terminal::Terminal;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> ExitCode {
    let args = Args::parse();
    let terminal = Terminal::new(args.color);
    prism_driver::guarded(|| match args.verb {
        Verb::Run(run) => verbs::run::run(&run, terminal),
        Verb::Resume(resume) => verbs::resume::run(&resume, terminal),
        Verb::Runs(runs) => verbs::runs::run(&runs, terminal),
        Verb::Events(events) => verbs::events::run(&events, terminal),
        Verb::Logs(logs) => verbs::logs::run(&logs, terminal),
        Verb::Test(test) => verbs::test::run(&test, terminal),
        Verb::Repl(repl) => verbs::repl::run(&repl, terminal),
        Verb::Approve(approve) => verbs::approve::run(&approve, terminal),
        Verb::Approvals(approvals) => verbs::approvals::run(&approvals, terminal),
        Verb::Cancel(cancel) => verbs::cancel::run(&cancel, terminal),
        Verb::Status(status) => verbs::status::run(&status, terminal),
        Verb::Worker(worker) => verbs::worker::run(&worker, terminal),
        Verb::Schedule(schedule) => verbs::schedule::run(&schedule, terminal),
        Verb::Schedules(schedules) => verbs::schedule::list(&schedules, terminal),
        Verb::Replay(replay) => verbs::replay::run(&replay, terminal),
        Verb::Diff(diff) => verbs::diff::run(&diff, terminal),
        Verb::Audit(audit) => verbs::audit::run(&audit, terminal),
        Verb::Calibration(calibration) => verbs::calibration::run(&calibration, terminal),
        Verb::Gc(gc) => verbs::gc::run(&gc, terminal),
        Verb::Values(values) => verbs::values::run(&values, terminal),
        Verb::Migrate(migrate) => verbs::gc::migrate(&migrate, terminal),
        Verb::Completions(completions) => verbs::completions::run(completions.shell),
    })
}
