//! Effects have the same names at every level of the optimizer and in machine code, and keep them
//! when something is added to the program.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use prism_driver::Level;
use prism_tests::case::ROOT;
use prism_tests::files::Table;
use prism_tests::program::{Code, LEVELS, compile};
use prism_vm::{AgentRef, Answer, Data, Limits, Machine, Outcome};

/// Lines at whose ends something may be added.
const FUNCTIONS: [&str; 4] = [
    "import { select, timeout } from \"@prism/execution\"",
    "effect desk { what(q: string): any }",
    "function review(text) { let verdict = llm(text); return verdict }",
    "function down(n) { if (n > 0) { let here = llm(\"down\"); return down(n - 1) }; return llm(\"end\") }",
];

const LINES: [&str; 12] = [
    "let plan = review(\"plan\")",
    "review(\"nobody wants it\")",
    "for (let i of [1, 2]) { let word = review(\"word\") }",
    "let votes = parallel(2)([() => llm(\"a\"), () => review(\"b\"), () => llm(\"c\")])",
    "let all = [1, 2].map(n => llm(\"${n}\"))",
    "let deep = down(2)",
    "let told = handle { desk.what(\"x\") } with { desk.what(q) => resume(llm(q)) }",
    "let late = timeout(1000, () => llm(\"in time\"))",
    "let picked = select({ one: () => llm(\"one\"), other: () => review(\"other\") })",
    "let reply = agents[0].call(\"task\")",
    "let tools = { one: () => llm(\"tool\"), all: [() => llm(\"first\")] }",
    "let last = tools.one() ?? tools.all[0]()",
];

const IDS: [&str; 20] = [
    "main.plan/review.verdict#0",
    "main.review/review.verdict#0",
    "main.word/review.verdict#0",
    "main.word/review.verdict#1",
    "main.votes[0]/main.votes.lambda.llm#0",
    "main.votes[1]/main.votes.lambda.2.review/review.verdict#0",
    "main.votes[2]/main.votes.lambda.3.llm#0",
    "main.all/main.all.lambda.llm#0",
    "main.all/main.all.lambda.llm#1",
    "main.deep/down.here#0",
    "main.deep/down.down/down.here#0",
    "main.deep/down.down/down.llm#0",
    "main.told.handle.desk.what/main.told.desk.what.llm#0",
    "main.late[0]/main.late.lambda.llm#0",
    "main.late[1]/time.sleep#0",
    "main.picked[0]/main.picked.one.llm#0",
    "main.picked[1]/main.picked.other.review/review.verdict#0",
    "main.reply/agent.call#0",
    "main.tools.one/main.tools.one.llm#0",
    "main.tools.all/main.tools.lambda.llm#0",
];

/// The effect ids of a program; each request is answered with null before it goes on, the second
/// of two that wait together last.
fn ids(text: &str, level: Level, code: Code) -> Vec<String> {
    let files = Table::new([(ROOT.to_owned(), text.to_owned())]);
    let program = compile(&files, ROOT, level).unwrap_or_else(|rejected| {
        panic!("{text}\n{}", rejected.render(false));
    });
    let agent = Data::Agent(AgentRef { name: "one".into(), attributes: Vec::new() });
    let inputs = vec![("agents".into(), Data::from(vec![agent]))];
    let mut machine = Machine::new(program.module.clone(), Limits::default(), inputs).unwrap();
    if code == Code::Native {
        machine.install(prism_native::eager(program.module));
    }
    let (mut ids, mut waiting) = (Vec::new(), Vec::new());
    loop {
        match machine.run() {
            Outcome::Perform(requests) => {
                for request in requests {
                    ids.push(request.effect_id.to_string());
                    waiting.push(request.id);
                }
                let cancelled = machine.take_cancelled();
                waiting.retain(|id| !cancelled.contains(id));
                machine.resume(waiting.remove(0), Answer::Value(Data::Null)).unwrap();
            }
            Outcome::Done(_) => return ids,
            Outcome::Trap(trap) => panic!("{trap}\n{text}"),
        }
    }
}

fn program(lines: &[&str]) -> String {
    [&FUNCTIONS, lines].concat().join("\n") + "\n"
}

#[test]
fn names_are_those_of_the_specification_whatever_runs_the_program() {
    for level in LEVELS {
        for code in [Code::Interpreted, Code::Native] {
            assert_eq!(ids(&program(&LINES), level, code), IDS, "{level:?} {code:?}");
        }
    }
}

#[test]
fn what_is_added_renames_nothing() {
    let added = [
        "let more = llm(\"more\")",
        "let fresh = parallel([() => llm(\"x\"), () => agents[0].call(\"y\")]).map(x => x)",
        "log(\"here\")",
        "if (plan == null) { [1, 2, 3].forEach(n => llm(\"n\")) }",
    ];
    for line in added {
        for at in 1..=LINES.len() {
            let lines = [&LINES[..at], &[line], &LINES[at..]].concat();
            let found = ids(&program(&lines), Level::Full, Code::Interpreted);
            let mut old = found.iter().filter(|id| IDS.contains(&id.as_str()));
            assert!(
                IDS.iter().all(|id| old.next().is_some_and(|old| old == id)),
                "{line} {at}: {found:?}"
            );
            assert!(found.len() > IDS.len());
        }
    }
}
