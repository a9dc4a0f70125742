//! Times the machine on kernels, beside Lua 5.4 where it is installed.
//!
//! `cargo run --release -p prism-bench-vm [NAME]…` prints the best of five runs of each kernel, in
//! seconds, and the ratio to Lua in the same run. Every kernel checks its own result.

mod kernels;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kernels::{CONFIDENCE, ConfidenceKernel, KERNELS, Kernel};
use prism_bytecode::{Verified, assemble, verify};
use prism_vm::{Answer, Data, Limits, Machine, Outcome};
use rustix::time::{ClockId, clock_gettime};

const RUNS: usize = 5;
/// Runs of each program of a pair.
const PAIRS: usize = 20;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    println!("{:<10} {:>9} {:>9} {:>7}", "kernel", "prism s", "lua s", "ratio");
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    KERNELS.iter().filter(|kernel| is_wanted(kernel.name)).for_each(report);
    CONFIDENCE.iter().filter(|(name, ..)| is_wanted(name)).for_each(confidence);
    if is_wanted("machine") {
        start_up();
    }
    if is_wanted("fiber") {
        fan_out();
    }
}

fn report(kernel: &Kernel) {
    let module = assemble(kernel.prism).expect("a kernel is assembly");
    let module = Arc::new(verify(module).expect("a kernel verifies"));
    let mut ours = Duration::MAX;
    let mut theirs: Option<Duration> = None;
    // Interleaved, so that both see the same disturbances.
    for _ in 0..RUNS {
        ours = ours.min(prism(&module, kernel.result));
        if let Some(time) = lua(kernel) {
            theirs = Some(theirs.map_or(time, |best| best.min(time)));
        }
    }
    let ours = ours.as_secs_f64();
    match theirs.map(|time| time.as_secs_f64()) {
        Some(theirs) => {
            println!("{:<10} {ours:>9.3} {theirs:>9.3} {:>7.2}", kernel.name, ours / theirs);
        }
        None => println!("{:<10} {ours:>9.3} {:>9} {:>7}", kernel.name, "-", "-"),
    }
}

fn prism(module: &Arc<Verified>, result: f64) -> Duration {
    let limits = Limits { fuel: u64::MAX / 2, ..Limits::default() };
    let mut machine = Machine::new(module.clone(), limits, Vec::new()).expect("no inputs");
    let start = cpu_time();
    let outcome = machine.run();
    let time = cpu_time() - start;
    assert_eq!(outcome, Outcome::Done(Data::Number(result)));
    time
}

/// Processor time of this process, which is what `os.clock` of Lua measures.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The time that the Lua program prints, measured around the kernel only.
fn lua(kernel: &Kernel) -> Option<Duration> {
    let program = format!(
        "local start = os.clock()\nlocal function kernel()\n{}\nend\nlocal result = kernel()\n\
         io.write(string.format('%.6f %.17g', os.clock() - start, result))",
        kernel.lua
    );
    let child = Command::new("lua5.4").args(["-e", &program]).stderr(Stdio::inherit()).output();
    let output = String::from_utf8(child.ok()?.stdout).ok()?;
    let (time, result) = output.split_once(' ')?;
    assert_eq!(result.parse(), Ok(kernel.result), "{}", kernel.name);
    time.parse().ok().map(Duration::from_secs_f64)
}

/// What a fiber costs: made, one request asked and answered, joined.
fn fan_out() {
    let text = r#"
site "agent.call", "main/x"
fn "main" ( ) regs 8
    new_array r0, r0, 0
    load_int r1, 0
    load_const r2, 100000
start:
    closure r3, r3, 0, @"ask"
    copy r4, r1
    spawn r5, r3, 1
    array_push r0, r5
    for_less r1, r2, 1, start
    load_int r1, 0
    load_int r5, 0
wait:
    get_index r3, r0, r1
    join r4, r3
    add r5, r5, r4
    for_less r1, r2, 1, wait
    return r5
fn "ask" ( "i" ) regs 2
    perform r0, r0, 1, s0
    return r0
"#;
    let module = assemble(text).expect("assembly");
    let module = Arc::new(verify(module).expect("it verifies"));
    let mut machine = Machine::new(module, Limits::default(), Vec::new()).expect("no inputs");
    let start = cpu_time();
    let Outcome::Perform(requests) = machine.run() else { panic!("it asks") };
    let count = requests.len();
    for request in requests {
        machine.resume(request.id, Answer::Value(Data::Number(1.0))).expect("it waits");
    }
    assert_eq!(machine.run(), Outcome::Done(Data::Number(count as f64)));
    let time = (cpu_time() - start).as_secs_f64() * 1e6 / count as f64;
    println!("fiber      {time:>9.2} µs to make, ask, answer and join, {count} at once");
}

/// What confidence costs: one program without any, and with a confident total or elements.
fn confidence(&(name, plain, confident): &(&str, &ConfidenceKernel, &ConfidenceKernel)) {
    let modules = [plain, confident].map(|program| {
        let module = assemble(program.text).expect("a kernel is assembly");
        (Arc::new(verify(module).expect("a kernel verifies")), program.result)
    });
    let mut best = [Duration::MAX; 2];
    // In turn, and often: what is looked for is a difference of a few hundredths.
    for _ in 0..PAIRS {
        for ((module, result), best) in modules.iter().zip(&mut best) {
            *best = prism(module, *result).min(*best);
        }
    }
    let [plain, confident] = best.map(|time| time.as_secs_f64());
    let ratio = confident / plain;
    println!("{name:<10} {confident:>9.3} s confident, {plain:.3} s plain: {ratio:.2}");
}

/// What a machine costs before its first instruction.
fn start_up() {
    let module = assemble("fn \"main\" ( ) regs 1\nload_int r0, 1\nreturn r0").expect("assembly");
    let module = Arc::new(verify(module).expect("it verifies"));
    let count = 10_000;
    let start = cpu_time();
    for _ in 0..count {
        let mut machine =
            Machine::new(module.clone(), Limits::default(), Vec::new()).expect("no inputs");
        assert_eq!(machine.run(), Outcome::Done(Data::Number(1.0)));
    }
    println!(
        "machine    {:>9.2} µs to make, run and drop",
        (cpu_time() - start).as_secs_f64() * 1e6 / f64::from(count)
    );
}
