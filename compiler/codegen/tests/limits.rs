//! Large programs compile, too large ones are an error with a code, and time grows with size.

use std::sync::Arc;

use prism_codegen::EmitError;
use prism_ir::function::Module;
use prism_vm::{Data, Limits, Machine, Outcome};

fn read(body: &str) -> Module {
    let text = format!("globals {{ \"g\" }}\nentry @0\nfunction @0 \"main\" () {{\n{body}\n}}\n");
    prism_ir::read(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn run(module: &Module) -> Data {
    let code = prism_codegen::emit(module).unwrap_or_else(|error| panic!("{error}"));
    let code = prism_bytecode::verify(code).unwrap_or_else(|error| panic!("{error}"));
    let mut machine =
        Machine::new(Arc::new(code), Limits::default(), Vec::new()).expect("there are no inputs");
    match machine.run() {
        Outcome::Done(data) => data,
        other => panic!("{other:?}"),
    }
}

/// `%0 = …`, `%1 = …`, … and the list of them.
fn many(count: usize, line: impl Fn(usize) -> String) -> (String, String) {
    let lines: Vec<String> = (0..count).map(|at| format!("%{at} = {}", line(at))).collect();
    let values: Vec<String> = (0..count).map(|at| format!("%{at}")).collect();
    (lines.join("\n"), values.join(", "))
}

#[test]
fn large_literals_grow_part_by_part() {
    let (lines, values) = many(10_000, |at| format!("array () !0:{at}..{at}"));
    let module = read(&format!("{lines}\n%10000 = array ({values})\nreturn %10000"));
    assert_eq!(run(&module).as_array().map(<[Data]>::len), Some(10_000));

    let (lines, _) = many(300, |at| format!("const {at}.5"));
    let fields: Vec<String> = (0..300).map(|at| format!("\"k{at}\": %{at}")).collect();
    let module = read(&format!("{lines}\n%300 = object [{}]\nreturn %300", fields.join(", ")));
    let object = run(&module);
    assert_eq!(object.get("k0"), Some(&Data::Number(0.5)));
    assert_eq!(object.get("k299"), Some(&Data::Number(299.5)));

    let (lines, values) = many(1_000, |at| format!("const \"{},\"", at % 10));
    let module = read(&format!("{lines}\n%1000 = template ({values})\nreturn %1000"));
    assert_eq!(run(&module).as_text(), Some(&*"0,1,2,3,4,5,6,7,8,9,".repeat(100)));
}

#[test]
fn calls_take_many_arguments() {
    let (lines, values) = many(500, |at| format!("const {at}.0"));
    let module = read(&format!("{lines}\n%500 = call_native \"Math.max\" ({values})\nreturn %500"));
    assert_eq!(run(&module), Data::Number(499.0));
    let method = format!("%500 = array ()\n%501 = call_method %500, \"push\" ({values})");
    let module = read(&format!("{lines}\n{method}\nreturn %501"));
    assert_eq!(run(&module).as_array().map(<[Data]>::len), Some(500));
}

#[test]
fn long_functions_jump_far() {
    let mut body = String::from("%0 = const 1.0\n%1 = global_get g0\nif %1 {\n");
    for at in 2..20_002 {
        body.push_str(&format!("%{at} = add %1, %0\nglobal_set g0, %{at}\n"));
    }
    body.push_str("yield ()\n} else {\nyield ()\n}\nreturn %0");
    let set = "function @0 \"main\" () {\n%9000001 = const null\nglobal_set g0, %9000001\n";
    let text = format!("globals {{ \"g\" }}\nentry @0\n{set}{body}\n}}\n");
    let module = prism_ir::read(&text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run(&module), Data::Number(1.0));
}

#[test]
fn too_many_values_at_once_are_an_error() {
    let (lines, values) = many(300, |_| "global_get g0".to_owned());
    let uses: Vec<String> = (0..300)
        .map(|at| format!("%{} = perform \"llm\" at \"s{at}\" (%{at})", at + 300))
        .collect();
    let text = format!("{lines}\n{}\n%600 = array ({values})\nreturn %600", uses.join("\n"));
    let error = prism_codegen::emit(&read(&text)).expect_err("300 values are alive at once");
    assert!(matches!(error, EmitError::TooManyRegisters { .. }), "{error:?}");
    assert_eq!(error.code(), "P0801");
}

#[test]
fn deep_nesting_is_an_error_and_what_is_allowed_compiles() {
    let nested = |depth: usize| {
        let mut text = String::from("%0 = global_get g0\n");
        text.push_str(&"if %0 {\n".repeat(depth));
        text.push_str(&"yield ()\n} else {\nyield ()\n}\n".repeat(depth));
        text.push_str("return %0");
        text
    };
    let module = read(&nested(prism_ir::MAX_DEPTH - 1));
    prism_codegen::emit(&module).unwrap_or_else(|error| panic!("{error}"));
    let mut optimized = module.clone();
    prism_opt::optimize(&mut optimized, prism_opt::Level::Full);

    // The reader has the same limit, so a deeper function is put together by hand.
    let mut builder = prism_ir::Builder::new("main".into(), Vec::new());
    let source = prism_ir::function::Source::default();
    let null = prism_ir::op::OpKind::Const(prism_ir::op::Const::Null);
    let value = builder.push(null, prism_ir::function::Facts::ANY, source);
    let ops: Vec<_> = (0..1_000)
        .map(|_| {
            let op = builder.reserve();
            builder.open_region(Vec::new());
            op
        })
        .collect();
    for op in ops.into_iter().rev() {
        let body = builder
            .close_region(prism_ir::op::Exit::Break { target: op, values: Vec::new() }, source);
        let kind = prism_ir::op::OpKind::Loop { initial: Vec::new(), body };
        builder.place(op, kind, Vec::new(), source);
    }
    let function = builder.finish(prism_ir::op::Exit::Return(value), source);
    let module = Module { functions: vec![function], ..Module::default() };
    let error = prism_codegen::emit(&module).expect_err("the nesting is too deep");
    assert_eq!(error.code(), "P0802");
    assert_eq!(error.to_string(), "`main` is nested more than 400 levels deep");
}

#[test]
fn too_many_parameters_are_an_error() {
    let params: Vec<String> = (0..201).map(|at| format!("\"p{at}\" %{at}")).collect();
    let text = format!(
        "entry @1\nfunction @0 \"f\" ({}) {{ return %0 }}\n\
         function @1 \"main\" () {{ %0 = const null\n return %0 }}\n",
        params.join(", ")
    );
    let module = prism_ir::read(&text).unwrap_or_else(|error| panic!("{error}"));
    let error = prism_codegen::emit(&module).expect_err("201 parameters");
    assert_eq!(error.code(), "P0801");
}

#[test]
fn too_many_globals_are_an_error() {
    let mut module = read("%0 = global_get g70000\nreturn %0");
    module.globals = vec!["x".into(); 70_001];
    let error = prism_codegen::emit(&module).expect_err("a global beyond 16 bits");
    assert_eq!(error.code(), "P0803");
}
