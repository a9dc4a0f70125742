//! A machine goes on from its snapshot as it would have gone on itself.

mod common;

use std::sync::Arc;

use common::{limits, module};
use prism_bytecode::Verified;
use prism_vm::{AgentRef, Answer, Data, Machine, Outcome, RequestId, RestoreError};
use proptest::prelude::*;

/// Values of every kind, in registers, cells, variables, frames and fibers, while it waits.
const EVERYTHING: &str = r#"
global "input"
global "log"
input "input", g0
site "llm", "main/x"
site "audit.record", "main/y"
handler "audit.record" any return
handler "llm" last

fn "main" ( ) regs 14
    new_array r0, r0, 0
    set_global r0, g1
    load_int r0, 1
    load_const r1, "text"
    new_array r2, r0, 2
    copy r3, r2
    new_object r4, r2, ["a" "b"]
    load_const r5, 0.5
    annotate r5, r4, r5
    load_const r6, "cell"
    new_cell r6, r6
    copy r7, r6
    closure r7, r7, 1, @"inner"
    copy r8, r7
    cell_set r6, r8
    get_field r9, r4, "a"
    from:
    load_const r10, "thrown"
    throw r10
    to:
    return_null
    caught:
    call_native r11, r11, 0, Promise.resolve
    load_int r12, 3
    closure r13, r13, 0, @"fiber"
    copy r12, r13
    load_int r13, 7
    spawn r12, r12, 1
    closure r8, r8, 0, @"body"
    closure r9, r9, 0, @"clause"
    closure r10, r10, 0, @"after"
    handle r8, r8, 2, h0
    join r12, r12
    get_global r9, g0
    get_global r10, g1
    call_value r7, r7, 0
    concat r13, r13, 1
    new_array r0, r0, 14
    return r0
    catch from, to, caught, r13

fn "inner" ( ) regs 2 captures 1
    captured_get r0, c0
    typeof r0, r0
    return r0

fn "fiber" ( "n" ) regs 3
    copy r1, r0
    perform r1, r1, 1, s0
    add r0, r0, r1
    load_const r1, "from the fiber"
    push_path_global r1, 0, g1
    return r0

fn "body" ( ) regs 3
    load_int r0, 1
    perform r0, r0, 1, s1
    load_int r1, 2
    perform r1, r1, 1, s0
    load_int r2, 3
    perform r2, r2, 1, s1
    new_array r0, r0, 3
    return r0

fn "clause" ( "entry" "k" ) regs 6
    load_const r2, "asking"
    perform r2, r2, 1, s0
    resume r3, r1, r2
    copy r4, r0
    new_array r3, r3, 2
    return r3

fn "after" ( "v" ) regs 3
    load_const r2, "after"
    copy r1, r0
    new_array r1, r1, 2
    return r1
"#;

fn start(module: &Arc<Verified>) -> Machine {
    let attributes = vec![("id".into(), Data::from("a1")), ("n".into(), Data::from(2.0))];
    let input = Data::Agent(AgentRef { name: "scout".into(), attributes });
    Machine::new(module.clone(), limits(), vec![("input".into(), input)]).expect("it loads")
}

/// The answer to a request, whoever asks.
fn answer(machine: &mut Machine, id: RequestId) {
    let data = Data::from(format!("answer {}", id.0)).with_confidence(0.5);
    machine.resume(id, Answer::Value(data)).expect("it waits");
}

/// Runs to the end, always answering the newest request first; `pause` sees the machine before
/// every answer.
fn finish(mut machine: Machine, mut pause: impl FnMut(Machine) -> Machine) -> (Outcome, u64) {
    let mut open: Vec<RequestId> = Vec::new();
    loop {
        match machine.run() {
            Outcome::Perform(requests) => open.extend(requests.iter().map(|request| request.id)),
            end => return (end, machine.fuel_used()),
        }
        machine = pause(machine);
        let id = open.pop().expect("somebody waits");
        answer(&mut machine, id);
    }
}

#[test]
fn a_restored_machine_goes_on_as_the_original() {
    let module = module(EVERYTHING);
    let (expected, fuel) = finish(start(&module), |machine| machine);
    let Outcome::Done(data) = &expected else { panic!("{expected:?}") };
    let text = data.to_json_text();
    assert!(text.contains("after") && text.contains("from the fiber"), "{text}");
    let mut pauses = 0;
    let restored = finish(start(&module), |mut machine| {
        pauses += 1;
        let bytes = machine.snapshot().expect("it is not over");
        let mut other = Machine::restore(module.clone(), &bytes).expect("it is a snapshot");
        assert_eq!(other.snapshot(), Some(bytes), "the same machine gives the same bytes");
        other
    });
    assert_eq!(restored, (expected, fuel));
    assert!(pauses >= 3, "{pauses}");
}

#[test]
fn a_snapshot_does_not_disturb_the_machine() {
    let module = module(EVERYTHING);
    let plain = finish(start(&module), |machine| machine);
    let disturbed = finish(start(&module), |mut machine| {
        machine.snapshot();
        machine
    });
    assert_eq!(plain, disturbed);
}

#[test]
fn what_is_not_a_snapshot_of_this_program_says_so() {
    let module = module(EVERYTHING);
    let mut machine = start(&module);
    machine.run();
    let bytes = machine.snapshot().expect("it waits");
    let restore = |bytes: &[u8]| Machine::restore(module.clone(), bytes).err();
    assert_eq!(restore(b""), Some(RestoreError::NotASnapshot));
    assert_eq!(restore(&bytes[..bytes.len() - 1]), Some(RestoreError::Damaged));
    let other = common::module("fn \"main\" ( ) regs 1\nreturn_null");
    let error = Machine::restore(other, &bytes).err().expect("another program");
    assert_eq!((error.clone(), error.code()), (RestoreError::OtherProgram, "P0906"));
    assert_eq!(RestoreError::Damaged.code(), "P0907");
}

#[test]
fn a_waiting_machine_is_small() {
    let text = "site \"human.approve\", \"main/x\"\nfn \"main\" ( ) regs 2\nload_const r0, \"Ship it?\"\n\
                perform r0, r0, 1, s0\nreturn r0";
    let mut machine = common::machine(text);
    machine.run();
    let size = machine.snapshot().expect("it waits").len();
    assert!(size < 200, "{size} bytes");
}

/// Pauses of the program: its snapshots.
fn snapshots(module: &Arc<Verified>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    finish(start(module), |mut machine| {
        all.push(machine.snapshot().expect("it is not over"));
        machine
    });
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn mutated_snapshots_never_panic(
        at in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        static MADE: std::sync::OnceLock<(Arc<Verified>, Vec<Vec<u8>>)> = std::sync::OnceLock::new();
        let (module, snapshots) = MADE.get_or_init(|| {
            let module = module(EVERYTHING);
            let snapshots = snapshots(&module);
            (module, snapshots)
        });
        let mut bytes = snapshots[at.index(snapshots.len())].clone();
        let content = bytes.len() - 72;
        for (at, byte) in edits {
            bytes[72 + at.index(content)] = byte;
        }
        let checksum = *blake3::hash(&bytes[72..]).as_bytes();
        bytes[40..72].copy_from_slice(&checksum);
        let Ok(mut machine) = Machine::restore(module.clone(), &bytes) else { return Ok(()) };
        machine.snapshot();
        for id in 0..8 {
            if matches!(machine.run(), Outcome::Done(_) | Outcome::Trap(_)) {
                return Ok(());
            }
            let _ = machine.resume(RequestId(id), Answer::Value(Data::from("x")));
        }
    }
}
