//! Peers that are crates: this program runs their scripts when it is started with `--run=`.

use std::sync::Arc;

pub fn run(language: &str, file: &str) {
    match language {
        "rhai" => rhai(file),
        "rune" => rune(file),
        other => panic!("there is no `{other}` here"),
    }
}

fn rhai(file: &str) {
    let mut engine = rhai::Engine::new();
    engine.set_optimization_level(rhai::OptimizationLevel::Full);
    engine.on_print(|text| println!("{text}"));
    engine.run_file(file.into()).unwrap_or_else(|error| panic!("{error}"));
}

fn rune(file: &str) {
    let context = rune::Context::with_default_modules().expect("the default modules fit");
    let runtime = Arc::new(context.runtime().expect("memory for the runtime"));
    let mut sources = rune::Sources::new();
    sources
        .insert(rune::Source::from_path(file).expect("the file can be read"))
        .expect("memory for a source");
    let unit = rune::prepare(&mut sources).with_context(&context).build();
    let unit = Arc::new(unit.unwrap_or_else(|error| panic!("{error}")));
    let mut vm = rune::Vm::new(runtime, unit);
    vm.call(["main"], ()).unwrap_or_else(|error| panic!("{error}"));
}
