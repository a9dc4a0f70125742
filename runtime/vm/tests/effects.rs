//! Effects, fibers, handlers.

mod common;

use common::{machine, main_of, module, result, trap};
use prism_vm::{
    Answer, Data, EffectError, Limits, Machine, Outcome, Request, RequestId, ResumeError,
};

fn requests(outcome: Outcome) -> Vec<Request> {
    match outcome {
        Outcome::Perform(requests) => requests,
        other => panic!("{other:?}"),
    }
}

fn answer(machine: &mut Machine, id: u64, data: impl Into<Data>) {
    machine.resume(RequestId(id), Answer::Value(data.into())).expect("the request waits");
}

const ASK: &str = "site \"llm\", \"main/answer\"\nsite \"time.now\", \"main/now\"\n";

#[test]
fn an_effect_stops_the_machine_and_goes_on_with_the_answer() {
    let text = ASK.to_owned()
        + &main_of(
            "load_const r0, \"q\"\nload_null r1\nperform r2, r0, 2, s0\nload_const r0, \"q2\"\nperform r3, r0, 1, s0\nnew_array r2, r2, 2\nreturn r2",
        );
    let mut machine = machine(&text);
    let first = requests(machine.run());
    assert_eq!((&*first[0].effect, &*first[0].effect_id), ("llm", "main/answer#0"));
    assert_eq!(first[0].args, [Data::from("q"), Data::Null]);
    assert_eq!(requests(machine.run()), []);
    answer(&mut machine, 0, Data::from("a").with_confidence(0.75));
    let second = requests(machine.run());
    assert_eq!((&*second[0].effect_id, second[0].id), ("main/answer#1", RequestId(1)));
    answer(&mut machine, 1, 5.0);
    let Outcome::Done(data) = machine.run() else { panic!("it is done") };
    assert_eq!(data.to_json_text(), "[{\"~\":[\"a\",0.75]},5]");
    assert_eq!(machine.run(), Outcome::Done(data));
    assert_eq!(
        machine.resume(RequestId(1), Answer::Value(Data::Null)),
        Err(ResumeError::NotWaiting(RequestId(1)))
    );
}

#[test]
fn an_answer_can_be_an_error() {
    let text = ASK.to_owned()
        + &main_of(
            "from:\nperform r0, r0, 0, s0\nto:\nreturn r0\ncaught:\nreturn r9\ncatch from, to, caught, r9",
        );
    let mut machine = machine(&text);
    machine.run();
    let error =
        EffectError { code: "P2101".into(), message: "no provider".into(), data: Data::Null };
    machine.resume(RequestId(0), Answer::Error(error)).expect("it waits");
    let Outcome::Done(data) = machine.run() else { panic!("it is caught") };
    assert_eq!(
        data.to_json_text(),
        "{\"message\":\"no provider\",\"code\":\"P2101\",\"data\":null}"
    );
}

#[test]
fn functions_do_not_leave_the_machine() {
    let text = ASK.to_owned() + &main_of("load_native r0, print\nperform r0, r0, 1, s0\nreturn r0");
    assert_eq!(trap(&text).message, "function cannot leave the program");
    let text = main_of("load_native r0, print\nreturn r0");
    assert_eq!(result(&text), Data::Function("print".into()));
}

#[test]
fn inputs_are_variables() {
    let text = "global \"input\"\ninput \"input\", g0\nfn \"main\" ( ) regs 1\nget_global r0, g0\nreturn r0";
    let given = vec![("other".into(), Data::Null), ("input".into(), Data::from("x"))];
    let mut machine = Machine::new(module(text), Limits::default(), given).expect("it loads");
    assert_eq!(machine.run(), Outcome::Done(Data::from("x")));
    assert_eq!(result(text), Data::Null);
}

/// Spawns three fibers that ask, joins them in order.
const FAN_OUT: &str = "
fn \"main\" ( ) regs 8
    load_int r2, 0
    closure r1, r1, 0, @\"ask\"
    spawn r4, r1, 1
    load_int r2, 1
    closure r1, r1, 0, @\"ask\"
    spawn r5, r1, 1
    load_int r2, 2
    closure r1, r1, 0, @\"ask\"
    spawn r6, r1, 1
    join r4, r4
    join r5, r5
    join r6, r6
    new_array r0, r4, 3
    return r0
fn \"ask\" ( \"i\" ) regs 2
    copy r1, r0
    perform r1, r1, 1, s0
    add r0, r0, r1
    return r0
";

#[test]
fn fibers_ask_together_and_answers_come_in_any_order() {
    let mut machine = machine(&(ASK.to_owned() + FAN_OUT));
    let batch = requests(machine.run());
    let ids: Vec<&str> = batch.iter().map(|request| &*request.effect_id).collect();
    assert_eq!(ids, ["[0]/main/answer#0", "[1]/main/answer#0", "[2]/main/answer#0"]);
    answer(&mut machine, 2, 30.0);
    assert_eq!(requests(machine.run()), []);
    answer(&mut machine, 0, 10.0);
    answer(&mut machine, 1, 20.0);
    let Outcome::Done(data) = machine.run() else { panic!("it is done") };
    assert_eq!(data.to_json_text(), "[10,21,32]");
}

#[test]
fn join_any_takes_the_first_and_cancel_ends_the_others() {
    let text = ASK.to_owned()
        + &FAN_OUT.replace(
            "join r4, r4\n    join r5, r5\n    join r6, r6\n    new_array r0, r4, 3\n    return r0",
            "copy r1, r4\n copy r2, r5\n copy r3, r6\n new_array r1, r1, 3\n join_any r0, r1\n cancel r4\n cancel r5\n cancel r6\n return r0",
        );
    let mut machine = machine(&text);
    machine.run();
    answer(&mut machine, 1, 20.0);
    assert_eq!(machine.run(), Outcome::Done(Data::Number(1.0)));
    assert_eq!(machine.take_cancelled(), [RequestId(0), RequestId(2)]);
}

#[test]
fn a_failed_fiber_throws_where_it_is_joined() {
    let text = main_of("closure r1, r1, 0, @\"bad\"\nspawn r0, r1, 0\njoin r0, r0\nreturn r0")
        + "fn \"bad\" ( ) regs 1\nload_const r0, \"no\"\nthrow r0";
    assert_eq!(trap(&text).message, "no");
    let cancelled =
        main_of("closure r1, r1, 0, @\"bad\"\nspawn r0, r1, 0\ncancel r0\njoin r0, r0\nreturn r0")
            + "fn \"bad\" ( ) regs 1\nreturn_null";
    assert_eq!(trap(&cancelled).code, "P1023");
    let own = main_of("load_int r0, 1\njoin r0, r0\nreturn r0");
    assert_eq!(trap(&own).message, "cannot wait for number: it is not a fiber");
}

#[test]
fn fibers_that_wait_for_each_other_are_a_trap() {
    // A fiber that joins itself, by way of a global.
    let text = "global \"me\"\nfn \"main\" ( ) regs 2\nclosure r0, r0, 0, @\"loop\"\nspawn r0, r0, 0\ncopy r1, r0\nset_global r1, g0\njoin r0, r0\nreturn r0\n\
                fn \"loop\" ( ) regs 1\nget_global r0, g0\njoin r0, r0\nreturn r0";
    assert_eq!(trap(text).code, "P1105");
}

#[test]
fn promises_are_awaited() {
    common::gives(
        "load_int r0, 3\ncall_native r0, r0, 1, Promise.resolve\nawait r1, r0\nawait r2, r1\nreturn r2",
        "3",
    );
    common::throws(
        "load_const r0, \"no\"\ncall_native r0, r0, 1, Promise.reject\nawait r1, r0\nreturn r1",
        "P1001",
        "no",
    );
}

#[test]
fn printed_lines_are_collected() {
    let text = main_of(
        "load_const r0, \"n\"\nload_const r1, 0.85\nload_int r2, 7\nannotate r1, r2, r1\ncall_native r0, r0, 2, print\nreturn r0",
    );
    let mut machine = machine(&text);
    assert_eq!(machine.run(), Outcome::Done(Data::Null));
    assert_eq!(machine.take_output(), ["n 7 ~> 0.85"]);
    assert!(machine.take_output().is_empty());
}

#[test]
fn requests_are_limited() {
    let text = ASK.to_owned() + &main_of("perform r0, r0, 0, s0\nreturn r0");
    let limits = Limits { requests: 0, ..common::limits() };
    let mut machine = Machine::new(module(&text), limits, Vec::new()).expect("it loads");
    let Outcome::Trap(trap) = machine.run() else { panic!("it is over the limit") };
    assert_eq!(trap.code, "P1104");
}

/// `handle { body() } with { llm(q) => clause }` with or without a return clause.
fn handled(how: &str, has_return: bool, body: &str, clause: &str) -> String {
    let (mark, returns, n) =
        if has_return { (" return", "closure r3, r3, 0, @\"ret\"\n", 2) } else { ("", "", 1) };
    format!(
        "site \"llm\", \"x\"\nhandler \"llm\" {how}{mark}\n\
         fn \"main\" ( ) regs 6\nclosure r1, r1, 0, @\"body\"\nclosure r2, r2, 0, @\"clause\"\n{returns}handle r0, r1, {n}, h0\nreturn r0\n\
         fn \"body\" ( ) regs 6\n{body}\n\
         fn \"clause\" {clause}\n\
         fn \"ret\" ( \"v\" ) regs 2\nnew_array r0, r0, 1\nreturn r0\n"
    )
}

const TWO: &str = "load_int r1, 1\nperform r1, r1, 1, s0\nload_int r2, 2\nperform r2, r2, 1, s0\nadd r0, r1, r2\nreturn r0";

#[test]
fn a_clause_that_resumes_last_answers_in_place() {
    let clause = "( \"q\" ) regs 2\nmul_i r0, r0, 10\nreturn r0";
    assert_eq!(result(&handled("last", false, TWO, clause)).to_json_text(), "30");
    assert_eq!(result(&handled("last", true, TWO, clause)).to_json_text(), "[30]");
}

#[test]
fn a_clause_can_resume_and_go_on() {
    // resume(q * 10), then adds 1000 to what the rest of the body gives.
    let clause = "( \"q\" \"k\" ) regs 4\nmul_i r2, r0, 10\nresume r3, r1, r2\nadd_k r3, r3, 1000\nreturn r3";
    assert_eq!(result(&handled("any", false, TWO, clause)).to_json_text(), "2030");
}

#[test]
fn a_clause_can_end_the_handle() {
    let clause = "( \"q\" \"k\" ) regs 2\nreturn r0";
    assert_eq!(result(&handled("any", false, TWO, clause)).to_json_text(), "1");
}

#[test]
fn a_continuation_is_resumed_once() {
    let clause = "( \"q\" \"k\" ) regs 4\nload_int r2, 1\nresume r3, r1, r2\nload_int r2, 2\nresume r3, r1, r2\nreturn r3";
    assert_eq!(trap(&handled("any", false, TWO, clause)).code, "P1022");
}

#[test]
fn effects_of_a_clause_go_outward() {
    // The clause asks the same effect: nobody in the program takes it.
    let clause = "( \"q\" ) regs 2\nperform r0, r0, 1, s0\nreturn r0";
    let mut machine = machine(&handled("last", false, TWO, clause));
    let batch = requests(machine.run());
    assert_eq!(batch[0].args, [Data::Number(1.0)]);
    answer(&mut machine, 0, 5.0);
    requests(machine.run());
    answer(&mut machine, 1, 6.0);
    assert_eq!(machine.run(), Outcome::Done(Data::Number(11.0)));
}

#[test]
fn exceptions_pass_handlers() {
    let body = "from:\nload_int r1, 1\nperform r1, r1, 1, s0\nto:\nreturn r1\ncaught:\nget_field r0, r2, \"message\"\nreturn r0\ncatch from, to, caught, r2";
    let clause = "( \"q\" ) regs 2\nload_const r1, \"refused\"\nthrow r1";
    assert_eq!(result(&handled("last", false, body, clause)), Data::from("refused"));
    let outside =
        handled("last", false, "load_const r0, \"out\"\nthrow r0", "( \"q\" ) regs 1\nreturn r0");
    assert_eq!(trap(&outside).message, "out");
}

#[test]
fn fibers_see_the_handlers_of_their_parent() {
    let body = "closure r1, r1, 0, @\"asker\"\nspawn r0, r1, 0\njoin r0, r0\nreturn r0";
    let asker = "fn \"asker\" ( ) regs 2\nload_int r0, 4\nperform r0, r0, 1, s0\nreturn r0\n";
    let last =
        handled("last", false, body, "( \"q\" ) regs 2\nmul_i r0, r0, 10\nreturn r0") + asker;
    assert_eq!(result(&last).to_json_text(), "40");
    let any = handled("any", false, body, "( \"q\" \"k\" ) regs 2\nreturn r0") + asker;
    assert_eq!(trap(&any).code, "P1022");
}
