//! A hundred thousand requests wait at the same time, in memory that is stated.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use prism_driver::{Level, Options};
use prism_tests::case::ROOT;
use prism_tests::files::Table;
use prism_vm::{Answer, Data, Limits, Machine, Outcome, Request};

const COUNT: usize = 100_000;

/// Bytes of the machine for each fiber that waits: its registers, its frames, its closure.
const EACH: usize = 1_500;

fn program(body: &str) -> Machine {
    let text = format!(
        "import {{ race }} from \"@prism/execution\"\nlet work = []\n\
         for let i = 0; i < {COUNT}; i += 1 {{ work.push(() => agent.call({{ agent: \"a\", task: i }})) }}\n{body}\n"
    );
    let files = Table::new([(ROOT.to_owned(), text)]);
    let compiled = prism_driver::compile(&files, ROOT, &Options { level: Level::Full }).unwrap();
    Machine::new(compiled.module, Limits::default(), Vec::new()).unwrap()
}

fn waiting(machine: &mut Machine) -> Vec<Request> {
    let Outcome::Perform(requests) = machine.run() else { panic!("it asks") };
    assert_eq!(requests.len(), COUNT);
    requests
}

#[test]
fn a_fan_out_of_a_hundred_thousand_has_its_results_in_order() {
    let mut machine = program("parallel(work).map(x => value(x))");
    let requests = waiting(&mut machine);
    let each = machine.memory_used() / COUNT;
    assert!(each < EACH, "{each} bytes for each request");
    let snapshot = machine.snapshot().unwrap();
    assert!(snapshot.len() / COUNT < EACH, "{} bytes of snapshot each", snapshot.len() / COUNT);
    // From the last to the first: the order of answers is not that of the results.
    for request in requests.iter().rev() {
        let task = request.args[0].get("task").cloned().unwrap();
        machine.resume(request.id, Answer::Value(task.with_confidence(0.5))).unwrap();
    }
    let Outcome::Done(Data::Array(results)) = machine.run() else { panic!("it is done") };
    assert_eq!(results.len(), COUNT);
    assert!(results.iter().enumerate().all(|(i, x)| *x == Data::from(i as f64)));
}

#[test]
fn the_losers_of_a_large_race_are_withdrawn_at_once() {
    let mut machine = program("race(work)");
    let requests = waiting(&mut machine);
    machine.resume(requests[COUNT / 2].id, Answer::Value(Data::from("first"))).unwrap();
    assert_eq!(machine.run(), Outcome::Done(Data::from("first")));
    assert_eq!(machine.take_cancelled().len(), COUNT - 1);
}

#[test]
fn requests_that_were_never_seen_are_never_made() {
    let mut machine = program("race([...work, () => 1])");
    assert_eq!(machine.run(), Outcome::Done(Data::from(1.0)));
    assert_eq!(machine.take_cancelled(), []);
}
