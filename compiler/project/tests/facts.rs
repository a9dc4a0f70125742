//! How often programs ask at most, and what they need, against numbers counted by hand.

use prism_diagnostics::{Diagnostic, Severity};
use prism_project::{Bound, ProgramFacts, RootDb, program_facts};

fn facts(text: &str) -> ProgramFacts {
    let mut db = RootDb::new();
    let file = db.set_file("main.prism", text);
    let is_error = |one: &Diagnostic| one.severity == Severity::Error;
    let errors: Vec<_> = prism_project::check(&db).into_iter().filter(is_error).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    program_facts(&db, file)
}

/// Agent calls; the reason when there is no bound.
fn agents(text: &str) -> Result<u64, String> {
    match facts(text).agent_calls {
        Bound::AtMost(n) => Ok(n),
        Bound::Unknown(reason) => {
            let line = text[..reason.at.span.start as usize].matches('\n').count() + 1;
            Err(format!("{} at line {line}", reason.kind))
        }
    }
}

const ASK: &str = "function ask(x) { return agent.call({ agent: \"a\", task: x }) }\n";

#[test]
fn calls_add_up_and_branches_take_the_most() {
    let cases = [
        ("print(1)", 0),
        ("ask(1)\nask(ask(2))", 3),
        ("if ask(1) { ask(2) } else { ask(3); ask(4) }", 3),
        ("let x = true ? ask(1) : 2\nx", 1),
        ("match ask(1) { 1 => ask(2), 2 => ask(3), _ => 4 }", 2),
        ("uncertain if (ask(1)) { high { ask(2) } low { ask(3); ask(4) } }", 3),
        ("switch (1) { case 1: ask(1)\ncase 2: ask(2) }", 2),
        ("try { ask(1) } catch (e) { ask(2) } finally { ask(3) }", 3),
        ("let f = x => ask(x) + ask(x)\nf(1)\nf(2)", 4),
        (
            "function twice(x) { ask(x); ask(x) }\nfunction more(x) { twice(x); twice(x) }\nmore(1)",
            4,
        ),
        ("\"a ${ask(1)} b\" |> ask", 2),
        ("let a = agent.call\nprint(1)", 0),
    ];
    for (text, expected) in cases {
        let text = format!("{ASK}{text}\n");
        assert_eq!(agents(&text), Ok(expected), "{text}");
    }
}

#[test]
fn loops_and_lists_of_known_length_multiply() {
    let cases = [
        ("for x in [1, 2, 3] { ask(x) }", 3),
        ("const xs = [1, 2]\nconst ys = [...xs, 3]\nfor y in ys { ask(y) }", 3),
        ("for let i = 0; i < 4; i += 1 { ask(i) }", 4),
        ("const n = 7\nfor let i = 1; i <= n; i += 3 { ask(i) }", 3),
        ("const xs = [1, 2]\nfor let i = 0; i < xs.length; i++ { for y in xs { ask(y) } }", 4),
        ("[1, 2, 3].map(ask)", 3),
        ("map([1, 2], x => ask(x))", 2),
        ("[1, 2, 3].filter(x => x > 1).forEach(x => { ask(x) })", 3),
        ("parallel([() => ask(1), () => ask(2)])", 2),
        ("let work = [() => ask(1), () => ask(2)]\nparallel(work)", 2),
        ("const xs = [1, 2, 3]\nparallel(xs.map(x => () => ask(x)))", 3),
        ("parallel(2)([() => ask(1), () => ask(2), () => ask(3)])", 3),
        ("agents { A: Agent { }\n B: Agent { } }\nparallel([A, B], \"t\")", 2),
        (
            "import { race, timeout } from \"@prism/execution\"\nrace([() => ask(1), () => timeout(5, () => ask(2))])",
            2,
        ),
    ];
    for (text, expected) in cases {
        let text = format!("{text}\n{ASK}");
        assert_eq!(agents(&text), Ok(expected), "{text}");
    }
}

#[test]
fn what_takes_the_bound_away_is_named() {
    let cases = [
        (
            "let xs = input.xs\nfor x in xs { ask(x) }",
            "the length of the list is not known at line 3",
        ),
        (
            "let go = true\nwhile go { ask(1); go = false }",
            "this loop may run any number of times at line 3",
        ),
        (
            "for let i = 0; i < 3; i += 1 { ask(i); i = 0 }",
            "this loop may run any number of times at line 2",
        ),
        (
            "function again(x) { ask(x); again(x) }\nagain(1)",
            "the function calls itself here at line 2",
        ),
        (
            "function each(f) { f(1); f(2) }\neach(x => ask(x))",
            "how often this function is called is not known at line 3",
        ),
        (
            "parallel(input.xs.map(x => () => ask(x)))",
            "the length of the list is not known at line 2",
        ),
        ("let xs = [1]\nxs.push(2)\nxs.map(ask)", "the length of the list is not known at line 4"),
        (
            "let xs = [1]\nfunction grow() { xs = [...xs, 1] }\ngrow()\nfor x in xs { ask(x) }",
            "the length of the list is not known at line 5",
        ),
        ("parallel(agents, \"t\")", "the length of the list is not known at line 2"),
        ("print(agentResults.length)", "the length of the list is not known at line 2"),
    ];
    for (text, expected) in cases {
        let text = format!("{ASK}{text}\n");
        assert_eq!(agents(&text), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn a_loop_that_does_not_ask_takes_no_bound_away() {
    let text = format!(
        "{ASK}let n = 0\nwhile n < input.n {{ n += 1 }}\n[input.n].map(x => x + 1)\nask(n)\n"
    );
    assert_eq!(agents(&text), Ok(1));
}

#[test]
fn handlers_answer_instead_of_agents() {
    let handled = "handle { ask(1); ask(2) } with { agent.call(r) => resume(1) }\nask(3)\n";
    assert_eq!(agents(&format!("{ASK}{handled}")), Ok(1));
    let passed_on = "handle { ask(1); ask(2) } with { agent.call(r) => { agent.call(r); resume(agent.call(r)) } }\n";
    assert_eq!(agents(&format!("{ASK}{passed_on}")), Ok(4));
    let own = "effect note { take(x: any): null }\nhandle { note.take(1) } with { note.take(x) => { ask(x); resume(null) } }\n";
    assert!(agents(&format!("{ASK}{own}")).is_err_and(|why| why.contains("every operation")));
}

#[test]
fn the_header_limits_how_many_agents_there_are() {
    let text = "/**\n * @name N\n * @agents { \"capabilities\": [\"code\"] }\n * @minAgents 2\n * @maxAgents 3\n */\nlet all = parallel(agents, \"t\")\nagentResults.length + all.length\n";
    let found = facts(text);
    assert_eq!(found.agent_calls, Bound::AtMost(6));
    assert_eq!(found.min_agents, Some(2));
    assert_eq!(found.capabilities.iter().map(|one| &**one).collect::<Vec<_>>(), ["code"]);
}

#[test]
fn models_and_needs_are_listed() {
    let text = "import { b } from \"./b\"\nagents { Writer: Agent { } }\nllm(\"q\")\nstream_llm(\"r\")\nb(1)\nescalate(\"look\")\n";
    let mut db = RootDb::new();
    db.set_file("b.prism", "agent.call({ agent: \"c\", task: 1 })\nexport function b(x) { return agent.call({ agent: \"b\", task: x }) }\n");
    let file = db.set_file("main.prism", text);
    let found = program_facts(&db, file);
    assert_eq!((found.agent_calls, found.model_calls), (Bound::AtMost(2), Bound::AtMost(2)));
    assert_eq!(found.agents.iter().map(|one| &**one).collect::<Vec<_>>(), ["Writer", "b", "c"]);
    assert_eq!(
        found.effects.iter().map(|one| &**one).collect::<Vec<_>>(),
        ["agent", "human", "llm"]
    );
}

#[test]
fn doubling_and_depth_end() {
    let mut text = String::from(ASK);
    text.push_str("function f0(x) { ask(x) }\n");
    for n in 1..200 {
        text.push_str(&format!("function f{n}(x) {{ f{m}(x); f{m}(x) }}\n", m = n - 1));
    }
    text.push_str("f10(1)\n");
    assert_eq!(agents(&text), Ok(1024));
    text.push_str("f199(1)\n");
    assert!(agents(&text).is_err_and(|why| why.contains("too deep")));
}

#[test]
fn long_ways_through_deep_expressions_end() {
    let mut text =
        String::from("function f0(x) { return agent.call({ agent: \"a\", task: x }) }\n");
    let (open, close) = ("[".repeat(200), "]".repeat(200));
    for n in 1..40 {
        text.push_str(&format!("function f{n}(x) {{ return {open}f{m}(x){close} }}\n", m = n - 1));
    }
    text.push_str("f39(1)\n");
    assert!(agents(&text).is_err_and(|why| why.contains("too deep")));
}
