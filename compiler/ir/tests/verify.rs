//! Each rule of the verifier has a function that breaks it.

use prism_ir::{Broken, read, verify};

/// Verifies a module of one function `f(%0)` and an entry, and says which rule is broken.
fn broken(body: &str) -> Broken {
    let text = format!(
        "globals {{ \"g\" }}\nentry @1\nfunction @0 \"f\" (\"a\" %0) {{\n{body}\n}}\n\
         function @1 \"main\" () {{ %0 = const null\n return %0 }}\n"
    );
    let module = read(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    verify(&module).expect_err(body).broken
}

#[test]
fn values_are_used_where_they_are_visible() {
    let inner = "if %0 {\n%1 = const 1.0\nyield ()\n} else {\nyield ()\n}\nreturn %1";
    assert_eq!(broken(inner), Broken::NotVisible("a value of an exit"));
    let sibling =
        "if %0 {\n%1 = const 1.0\nyield ()\n} else {\n%2 = not %1\nyield ()\n}\nreturn %0";
    assert_eq!(broken(sibling), Broken::NotVisible("an operand"));
    let own = "%1 = loop 'l0 (%2) from (%0) {\nbreak 'l0 (%1)\n}\nreturn %1";
    assert_eq!(broken(own), Broken::NotVisible("a value of an exit"));
}

#[test]
fn results_are_as_many_as_the_kind_gives() {
    assert_eq!(broken("not %0\nreturn %0"), Broken::Results { expected: 1, found: 0 });
    let set = "%1 = global_set g0, %0\nreturn %0";
    assert_eq!(broken(set), Broken::Results { expected: 0, found: 1 });
}

#[test]
fn exits_fit_their_regions() {
    assert_eq!(broken("yield (%0)"), Broken::ExitKind("yield"));
    let of_loop = "loop 'l0 () from () {\nyield ()\n}\nreturn %0";
    assert_eq!(broken(of_loop), Broken::ExitKind("yield"));
    let short = "%1 = if %0 {\nyield (%0)\n} else {\nyield ()\n}\nreturn %1";
    assert_eq!(broken(short), Broken::ExitValues { expected: 1, found: 0 });
    let carried = "loop 'l0 (%1) from (%0) {\ncontinue 'l0 ()\n}\nreturn %0";
    assert_eq!(broken(carried), Broken::ExitValues { expected: 1, found: 0 });
    let outside = "loop 'l0 () from () {\nbreak 'l0 ()\n}\nbreak 'l0 ()";
    assert_eq!(broken(outside), Broken::TargetNotAround);
    let finally = "%1 = try {\nyield (%0)\n} finally {\nyield (%0)\n}\nreturn %1";
    assert_eq!(broken(finally), Broken::ExitValues { expected: 0, found: 1 });
    assert_eq!(broken("try {\nyield ()\n}\nreturn %0"), Broken::TryAlone);
}

#[test]
fn regions_have_the_parameters_of_their_operation() {
    let carried = "loop 'l0 (%1) from () {\nbreak 'l0 ()\n}\nreturn %0";
    assert_eq!(broken(carried), Broken::RegionParams { expected: 0, found: 1 });
    let catch = "try {\nyield ()\n} catch () {\nyield ()\n}\nreturn %0";
    assert_eq!(broken(catch), Broken::RegionParams { expected: 1, found: 0 });
}

#[test]
fn cells_stay_cells() {
    assert_eq!(broken("%1 = cell_get %0\nreturn %1"), Broken::NotACell);
    let cell = "%1: plain cell = cell_empty\n";
    assert_eq!(broken(&format!("{cell}%2 = not %1\nreturn %2")), Broken::CellAsValue);
    assert_eq!(broken(&format!("{cell}cell_set %1, %1\nreturn %0")), Broken::CellAsValue);
    assert_eq!(broken(&format!("{cell}return %1")), Broken::CellAsValue);
}

#[test]
fn names_exist_and_fit() {
    assert_eq!(broken("%1 = global_get g7\nreturn %1"), Broken::NoGlobal(7));
    assert_eq!(broken("%1 = call @9 ()\nreturn %1"), Broken::NoFunction(9));
    let call = Broken::Args { function: "f".into(), found: 0 };
    assert_eq!(broken("%1 = call @0 ()\nreturn %1"), call);
    let captures = Broken::Captures { function: "f".into(), found: 1 };
    assert_eq!(broken("%1 = closure @0 (%0)\nreturn %1"), captures);
    let twice = "%1 = perform \"llm\" at \"f.x\" ()\n%2 = perform \"llm\" at \"f.x\" ()\nreturn %1";
    assert_eq!(broken(twice), Broken::Site("f.x".into()));
    assert_eq!(broken("%1 = not %0 at \"x\"\nreturn %1"), Broken::CallSite);
    assert_eq!(broken("%1 = call_value %0 () at \"\"\nreturn %1"), Broken::CallSite);
}

#[test]
fn facts_are_intervals() {
    assert_eq!(broken("%1: any ~[0.5, 0.25] = not %0\nreturn %1"), Broken::Interval);
    assert_eq!(broken("%1: any ~[NaN, 1.0] = not %0\nreturn %1"), Broken::Interval);
}

#[test]
fn a_region_used_twice_is_found() {
    let text = "entry @0\nfunction @0 \"f\" () {\n%0 = const true\nif %0 {\nyield ()\n} \
                else {\nyield ()\n}\nreturn %0\n}\n";
    let mut module = read(text).expect("the text is a module");
    for (_, op) in module.functions[0].ops.iter_mut() {
        if let prism_ir::op::OpKind::If { then, otherwise, .. } = &mut op.kind {
            *otherwise = *then;
        }
    }
    let error = verify(&module).expect_err("a region has two places");
    assert_eq!(error.broken, Broken::UsedTwice("region"));
}
