//! The ids of effects: the calls on the way, fibers, recursion, clauses.

mod common;

use common::{limits, main_of, module};
use prism_vm::{Answer, Data, Limits, Machine, Outcome};

/// The effect ids of a program, each of whose requests is answered with null before it goes on.
fn ids(text: &str) -> Vec<String> {
    let limits = Limits { depth: 5_000, ..limits() };
    let mut machine = Machine::new(module(text), limits, Vec::new()).expect("it loads");
    let mut ids = Vec::new();
    loop {
        match machine.run() {
            Outcome::Perform(requests) => {
                for request in requests {
                    ids.push(request.effect_id.to_string());
                    machine.resume(request.id, Answer::Value(Data::Null)).expect("it waits");
                }
            }
            Outcome::Done(_) => return ids,
            Outcome::Trap(trap) => panic!("{trap}\n{text}"),
        }
    }
}

const ASK: &str = "site \"llm\", \"ask.word\"\nfn \"main\" ( ) regs 8\n";
const ASKS: &str = "\nfn \"ask\" ( ) regs 1\nperform r0, r0, 0, s0\nreturn r0\n";

/// A `main` that calls `ask`.
fn asking(lines: &str) -> Vec<String> {
    ids(&format!("{ASK}{lines}\nreturn r0{ASKS}"))
}

fn call(name: &str) -> String {
    format!("call r0, r0, 0, @\"ask\"\ncalled \"{name}\"\n")
}

#[test]
fn a_call_that_is_added_renames_no_other() {
    let before = asking(&(call("first") + &call("second")));
    assert_eq!(before, ["main.first/ask.word#0", "main.second/ask.word#0"]);
    let after = asking(&(call("new") + &call("first") + &call("more") + &call("second")));
    assert_eq!(
        after,
        [
            "main.new/ask.word#0",
            "main.first/ask.word#0",
            "main.more/ask.word#0",
            "main.second/ask.word#0"
        ]
    );
}

#[test]
fn occurrences_are_counted_on_each_way() {
    let turn = call("first") + &call("second");
    let found = asking(&turn.repeat(2));
    assert_eq!(found[2..], ["main.first/ask.word#1", "main.second/ask.word#1"]);
}

#[test]
fn a_call_without_a_name_is_not_on_the_way() {
    let inner = "\nfn \"@lib.run\" ( ) regs 2\ncall r0, r0, 0, @\"ask\"\nreturn r0";
    let text = format!(
        "{ASK}call r0, r0, 0, @\"@lib.run\"\ncalled \"it\"\ncall r0, r0, 0, @\"ask\"\nreturn r0{inner}{ASKS}"
    );
    assert_eq!(ids(&text), ["main.it/ask.word#0", "ask.word#0"]);
}

#[test]
fn recursion_makes_no_id_longer() {
    let down = "\nfn \"down\" ( \"n\" ) regs 3\nperform r1, r1, 0, s0\njump_unless r0, end\n\
                sub_i r1, r0, 1\ncall r1, r1, 1, @\"down\"\ncalled \"again\"\nend:\nreturn_null\n";
    let go = |n: u32| {
        ids(&format!(
            "{ASK}load_int r0, {n}\ncall r0, r0, 1, @\"down\"\ncalled \"go\"\nreturn r0{down}"
        ))
    };
    assert_eq!(
        go(3),
        [
            "main.go/ask.word#0",
            "main.go/down.again/ask.word#0",
            "main.go/down.again/ask.word#1",
            "main.go/down.again/ask.word#2"
        ]
    );
    assert_eq!(go(2_000).last().map(String::as_str), Some("main.go/down.again/ask.word#1999"));
}

#[test]
fn fibers_are_numbered_by_the_call_that_makes_them() {
    // A function without a name of its calls, as the library's, makes two fibers.
    let both = "\nfn \"@lib.both\" ( ) regs 4\nclosure r1, r1, 0, @\"ask\"\nspawn r0, r1, 0\n\
                closure r2, r2, 0, @\"ask\"\nspawn r1, r2, 0\njoin r0, r0\njoin r1, r1\nreturn r0";
    let run = |names: &[&str]| {
        let calls: String = names
            .iter()
            .map(|name| format!("call r0, r0, 0, @\"@lib.both\"\ncalled \"{name}\"\n"))
            .collect();
        ids(&format!("{ASK}{calls}return r0{both}{ASKS}"))
    };
    assert_eq!(
        run(&["votes", "votes"]),
        [
            "main.votes[0]/ask.word#0",
            "main.votes[1]/ask.word#0",
            "main.votes[2]/ask.word#0",
            "main.votes[3]/ask.word#0"
        ]
    );
    assert_eq!(
        run(&["more", "votes"])[2..],
        ["main.votes[0]/ask.word#0", "main.votes[1]/ask.word#0"]
    );
}

#[test]
fn what_a_clause_asks_is_named_by_the_effect_that_it_answers() {
    let text = "site \"tell\", \"body.first\"\nsite \"tell\", \"body.second\"\n\
                site \"llm\", \"clause.word\"\nhandler \"tell\" last\n\
                fn \"main\" ( ) regs 6\nclosure r1, r1, 0, @\"body\"\nclosure r2, r2, 0, @\"clause\"\n\
                handle r0, r1, 1, h0\nreturn r0\n\
                fn \"body\" ( ) regs 2\nperform r0, r0, 0, s0\nperform r0, r0, 0, s1\n\
                perform r0, r0, 0, s2\nreturn r0\n\
                fn \"clause\" ( ) regs 2\nperform r0, r0, 0, s2\nreturn r0\n";
    let all = ["body.first/clause.word#0", "body.second/clause.word#0", "clause.word#0"];
    assert_eq!(ids(text), all);
    // Resumed or answered in place, the body is where it was.
    let any = text
        .replace("\"tell\" last", "\"tell\" any")
        .replace("fn \"clause\" ( )", "fn \"clause\" ( \"k\" )")
        .replace(
            "regs 2\nperform r0, r0, 0, s2\nreturn r0\n",
            "regs 2\nresume r1, r0, r1\nreturn r1\n",
        );
    assert_eq!(ids(&any), ["clause.word#0"]);
}

#[test]
fn a_way_that_is_too_long_is_a_hash_and_its_end() {
    let steps: Vec<String> = (0..30).map(|n| format!("step{n}")).collect();
    let chain = |last: &str| {
        let mut text = format!("{ASK}call r0, r0, 0, @\"step0\"\ncalled \"go\"\nreturn r0");
        for (at, name) in steps.iter().enumerate() {
            let next = steps.get(at + 1).map_or("ask", String::as_str);
            let called = if at == 10 { last } else { "next" };
            text += &format!(
                "\nfn \"{name}\" ( ) regs 1\ncall r0, r0, 0, @\"{next}\"\ncalled \"{called}\"\nreturn r0"
            );
        }
        let found = ids(&(text + ASKS));
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().expect("there is one")
    };
    let (one, other) = (chain("a"), chain("b"));
    assert!(one.starts_with('~') && one.ends_with("/step28.next/step29.next/ask.word#0"), "{one}");
    assert!(one.len() < 120 && one != other && one[17..] == other[17..], "{one} {other}");
}

#[test]
fn a_main_without_calls_has_its_site_alone() {
    let text = "site \"llm\", \"main.word\"\n".to_owned()
        + &main_of("perform r0, r0, 0, s0\nperform r0, r0, 0, s0\nreturn r0");
    assert_eq!(ids(&text), ["main.word#0", "main.word#1"]);
}
