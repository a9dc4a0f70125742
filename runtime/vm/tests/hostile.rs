//! Whatever verifies runs without a panic and without a hang.

mod common;

use std::sync::Arc;

use prism_bytecode::{
    Function, HandlerRange, Inst, Module, NATIVES, Op, Operand, Reg, Word, assemble, verify,
};
use prism_vm::{Answer, Data, EffectError, Limits, Machine, Outcome};
use proptest::prelude::*;

/// Three functions with room for code, and one of everything that code can name.
fn frame() -> Module {
    assemble(
        r#"
global "a"
global "b"
site "llm", "main/x"
site "audit.record", "main/y"
handler "llm" last "audit.record" any return
method array, "twice", @"two"
fn "main" ( ) regs 10
    return_null
fn "two" ( "x" "y"? ..."z" ) regs 10
    load_const r0, "text"
    load_const r1, 1.5
    load_const_wide r1, NaN
    new_object r0, r0, ["a" "b"]
    new_object r0, r0, ["b"]
    get_field r1, r0, "length"
    call_method r0, r1, 1, "push"
    call_method r0, r1, 1, "with"
    return r0
fn "one" ( "k" ) regs 10 captures 2
    return r0
"#,
    )
    .expect("the frame is assembly")
}

/// Loads values of every kind, so that random code has something to work on.
const VALUES: &str = r#"
fn "main" ( ) regs 10
    load_int r1, 3
    load_const r2, "text"
    new_array r3, r1, 2
    load_int r1, 2
    copy r4, r3
    new_object r5, r4, ["a"]
    load_const r6, 0.5
    annotate r6, r5, r6
    closure r7, r0, 0, @"main"
    copy r8, r1
    copy r9, r3
    new_cell r9, r9
    copy r0, r3
    return r0
"#;

fn random_inst() -> impl Strategy<Value = (u8, [u8; 3], u8, i8)> {
    (0..Op::ALL.len() as u8, any::<[u8; 3]>(), any::<u8>(), any::<i8>())
}

/// The instruction with operands that are likely to verify.
fn tamed(module: &Module, op: Op, bytes: [u8; 3], extra: u8, jump: i8) -> Vec<Inst> {
    let [a, b, c] = bytes;
    let mut bytes = vec![op as u8];
    let shape = Inst::decode([op as u8, 0, 0, 0]).expect("zero operands are operands");
    for (operand, value) in shape.operands().into_iter().zip([a, b, c]) {
        let limit = |n: usize| value % n.clamp(1, 255) as u8;
        match operand {
            Operand::Dst(_) | Operand::Src(_) | Operand::Upd(_) | Operand::Take(_) => {
                bytes.push(limit(10));
            }
            Operand::Win(_) | Operand::Win1(_) | Operand::Pair(_) => bytes.push(limit(6)),
            Operand::Count(_) => bytes.push(limit(4)),
            Operand::Imm8(_) => bytes.push(value),
            Operand::Imm16(_) => bytes.extend(i16::from(value as i8).to_le_bytes()),
            Operand::Jump16(_) => bytes.extend(i16::from(jump).to_le_bytes()),
            Operand::Const16(_) => bytes.extend([limit(module.constants.len()), 0]),
            Operand::Global16(_) => bytes.extend([limit(2), 0]),
            Operand::Native16(_) => bytes.extend([limit(NATIVES.len()), 0]),
            Operand::Capture(_) => bytes.push(limit(2)),
            Operand::Kind(_) => bytes.push(limit(9)),
            Operand::Mode(_) => bytes.push(limit(3)),
            Operand::Word(_) => {
                let word = Word::jump(i32::from(jump)).expect("a byte is near");
                return vec![Inst::Jump(word)];
            }
        }
    }
    bytes.resize(4, 0);
    let inst = Inst::decode([bytes[0], bytes[1], bytes[2], bytes[3]]).expect("tamed operands");
    let word = |limit: usize| {
        let id = u32::from(extra) % limit.max(1) as u32;
        Inst::Arg(Word::id(id).expect("a byte is small"))
    };
    use prism_bytecode::Extra;
    let extra = op.extra().map(|extra| match extra {
        Extra::Text => word(module.strings.len()),
        Extra::Const => word(module.constants.len()),
        Extra::Function => word(module.functions.len()),
        Extra::Keys => word(module.keys.len()),
        Extra::Global => word(module.globals.len()),
        Extra::Native => word(NATIVES.len()),
        Extra::Site => word(module.sites.len()),
        Extra::Handler => word(module.handlers.len()),
        Extra::Jump => Inst::Jump(Word::jump(i32::from(jump)).expect("a byte is near")),
    });
    std::iter::once(inst).chain(extra).collect()
}

/// Runs a module that verifies; answers what it asks for.
fn survive(module: Module) {
    let Ok(verified) = verify(module) else { return };
    let limits = Limits { fuel: 3_000, memory: 1 << 20, depth: 50, requests: 8 };
    let mut machine = Machine::new(Arc::new(verified), limits, Vec::new()).expect("no inputs");
    for turn in 0..20 {
        let Outcome::Perform(requests) = machine.run() else { return };
        for request in requests.into_iter().rev() {
            let answer = if turn % 3 == 2 {
                let (code, message) = ("P2101".into(), "no".into());
                Answer::Error(EffectError { code, message, data: Data::Null })
            } else {
                Answer::Value(Data::from(vec![Data::from("x").with_confidence(0.5)]))
            };
            // A request may be cancelled by the answer to another one only at the next run.
            machine.resume(request.id, answer).expect("it waits");
        }
    }
}

/// Drops single instructions that do not verify until the function does.
fn settle(module: &mut Module, code: Vec<Vec<Inst>>, at: usize, prefix: &[Inst]) {
    let mut kept: Vec<Inst> = prefix.to_vec();
    let end = [Inst::ReturnNull()];
    for inst in code {
        let mut trial = module.clone();
        let mut with: Vec<Inst> = kept.clone();
        with.extend(&inst);
        trial.functions[at].code = [&with[..], &end[..]].concat();
        if verify(trial).is_ok() {
            kept = with;
        }
    }
    kept.extend(end);
    module.functions[at].code = kept;
    go_on_after_errors(&mut module.functions[at]);
}

/// An exception table by which every instruction that fails is followed by the next one.
fn go_on_after_errors(function: &mut Function) {
    let code = &function.code;
    let is_extra = |pc: usize| pc > 0 && code[pc - 1].op().extra().is_some();
    let starts: Vec<u32> =
        (0..code.len()).filter(|&pc| !is_extra(pc)).map(|pc| pc as u32).collect();
    let ranges = starts.windows(2).map(|pair| {
        let [start, next] = [pair[0], pair[1]];
        HandlerRange { start, end: next, target: next, reg: Reg(9), is_finally: start % 2 == 0 }
    });
    function.catches = ranges.collect();
}

/// The loads of [`VALUES`], with the ids of `module`.
fn prefix(module: &mut Module) -> Vec<Inst> {
    let text = prism_bytecode::disassemble(module);
    let values = VALUES.lines().skip(2).collect::<Vec<_>>().join("\n");
    let text = text.replacen("    return_null", &values, 1);
    *module = assemble(&text).expect("the frame with values is assembly");
    let code = &module.functions[0].code;
    code[..code.len() - 1].to_vec()
}

#[test]
fn a_handler_that_throws_into_itself_uses_up_its_fuel() {
    // The first target is inside its own range, the second one before it.
    for range in ["a, c, b", "b, c, a"] {
        for kind in ["catch", "finally"] {
            let text = format!(
                "fn \"main\" ( ) regs 3\na:\nload_const r2, \"lost\"\nb:\nthrow r2\nc:\nreturn r2\n{kind} {range}, r2"
            );
            let limits = Limits { fuel: 1_000, ..common::limits() };
            let mut machine =
                Machine::new(common::module(&text), limits, Vec::new()).expect("fits");
            let Outcome::Trap(trap) = machine.run() else { panic!("it ends\n{text}") };
            assert_eq!((trap.code, machine.fuel_used()), ("P1101", 1_000), "{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn random_code_runs_or_is_refused(
        main in prop::collection::vec(random_inst(), 1..40),
        two in prop::collection::vec(random_inst(), 1..12),
        one in prop::collection::vec(random_inst(), 1..12),
    ) {
        let mut module = frame();
        let prefix = prefix(&mut module);
        for (at, code) in [(1, two), (2, one), (0, main)] {
            let code = code.into_iter().map(|(op, bytes, extra, jump)| {
                tamed(&module, Op::ALL[usize::from(op)], bytes, extra, jump)
            });
            let code: Vec<Vec<Inst>> = code.collect();
            let prefix = if at == 0 { &prefix[..] } else { &[] };
            settle(&mut module, code, at, prefix);
        }
        survive(module);
    }
}
