//! Random programs mean the same to the machine and to a walk over their IR, optimised or not.

#[path = "random/make.rs"]
mod make;
#[path = "random/walk.rs"]
mod walk;

use std::sync::Arc;

use prism_vm::{Data, Limits, Machine, Outcome};
use walk::{Datum, Walk};

const PROGRAMS: u64 = 500;

#[test]
fn random_programs_give_what_their_ir_says() {
    let mut n_compared = 0;
    for seed in 0..PROGRAMS {
        let module = make::module(seed);
        prism_ir::verify(&module).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let mut walk = Walk { module: &module, global: Datum::Null, fuel: 20_000 };
        let expected = walk.call(module.entry.0, Vec::new());
        if walk.fuel == 0 {
            continue;
        }
        n_compared += 1;
        let expected = expected.map(|value| data(&value));
        let found = run(seed, &module);
        assert_eq!(found, expected, "seed {seed}:\n{}", prism_ir::print(&module));
        let mut optimized = module.clone();
        prism_opt::optimize(&mut optimized, prism_opt::Level::Full);
        let found = run(seed, &optimized);
        assert_eq!(found, expected, "seed {seed}, optimised:\n{}", prism_ir::print(&module));
    }
    assert!(n_compared > PROGRAMS / 2, "only {n_compared} programs ended");
}

fn run(seed: u64, module: &prism_ir::function::Module) -> Result<Data, walk::Stopped> {
    let code = prism_codegen::emit(module).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let text = prism_bytecode::disassemble(&code);
    let code =
        prism_bytecode::verify(code).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
    let limits = Limits { fuel: 1_000_000, ..Limits::default() };
    let mut machine = Machine::new(Arc::new(code), limits, Vec::new()).expect("no inputs");
    match machine.run() {
        Outcome::Done(data) => Ok(data),
        Outcome::Trap(trap) if trap.code.starts_with("P10") => Err(walk::Stopped),
        other => panic!("seed {seed}: {other:?}\n{text}"),
    }
}

fn data(value: &Datum) -> Data {
    match value {
        Datum::Null => Data::Null,
        Datum::Bool(flag) => Data::Bool(*flag),
        Datum::Number(number) => Data::Number(*number),
        Datum::Array(items) => Data::Array(items.iter().map(data).collect()),
        Datum::Function(_) | Datum::Cell(_) | Datum::Text(_) | Datum::Thrown => {
            unreachable!("results are numbers and arrays")
        }
    }
}
