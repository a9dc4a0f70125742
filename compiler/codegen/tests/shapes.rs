//! The code of the shapes that matter for speed, word by word.

/// The instructions of the function `f`, without its head.
fn code(params: &str, body: &str) -> Vec<String> {
    let text = format!(
        "globals {{ \"g\" }}\nentry @1\nfunction @0 \"f\" ({params}) {{\n{body}\n}}\n\
         function @1 \"main\" () {{ %0 = const null\n return %0 }}\n"
    );
    let module = prism_ir::read(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let code = prism_codegen::emit(&module).unwrap_or_else(|error| panic!("{error}"));
    let shown = prism_bytecode::disassemble(&code);
    prism_bytecode::verify(code).unwrap_or_else(|error| panic!("{error}:\n{shown}"));
    let start = shown.find("fn 0").expect("the function is there");
    let end = shown.find("fn 1").expect("the entry is there");
    shown[start..end]
        .lines()
        .skip(1)
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_counting_loop_is_one_instruction_per_turn_and_its_body() {
    let body = "%1 = const 0.0\n%2, %3 = loop 'l0 (%4, %5) from (%1, %1) {\n%6 = less %4, %0\nif %6 {\n\
                %7 = add %5, %4\n%8 = const 1.0\n%9 = add %4, %8\ncontinue 'l0 (%9, %7)\n} else {\n\
                break 'l0 (%4, %5)\n}\nunreachable\n}\nreturn %3";
    assert_eq!(
        code("\"n\" %0", body),
        [
            "load_int r2, 0",
            "load_int r1, 0",
            "jump L6",
            "L3:",
            "add r1, r1, r2",
            "for_less r2, r0, 1, L3",
            "L6:",
            "jump_less r2, r0, L3",
            "return r1",
        ]
    );
}

#[test]
fn a_push_in_a_loop_happens_in_place() {
    let body = "%1 = const 0.0\n%2 = array ()\n%3 = loop 'l0 (%4, %5) from (%1, %2) {\n\
                %6 = less %4, %0\nif %6 {\n%7 = push %5, %4\n%8 = const 1.0\n%9 = add %4, %8\n\
                continue 'l0 (%9, %7)\n} else {\nbreak 'l0 (%5)\n}\nunreachable\n}\nreturn %3";
    assert_eq!(
        code("\"n\" %0", body),
        [
            "new_array r1, r0, 0",
            "load_int r2, 0",
            "jump L7",
            "L3:",
            "copy r3, r2",
            "array_push r1, r3",
            "for_less r2, r0, 1, L3",
            "L7:",
            "jump_less r2, r0, L3",
            "return r1",
        ]
    );
}

#[test]
fn an_array_that_was_only_tested_does_not_stay_in_a_register() {
    let body = "%1 = global_get g0\n%2 = is_array %1, 0..\nif %2 {\n\
                update_global g0 [] push %0\nyield ()\n} else {\nyield ()\n}\n%3 = const null\nreturn %3";
    assert_eq!(
        code("\"x\" %0", body),
        [
            "get_global r1, g0",
            "jump_not_kind r1, array, L6",
            "load_null r1",
            "push_path_global r0, 0, g0",
            "L6:",
            "return_null",
        ]
    );
}

#[test]
fn a_container_that_is_needed_later_is_copied() {
    let body = "%1 = const 1.0\n%2 = push %0, %1\n%3 = array (%0, %2)\nreturn %3";
    assert_eq!(
        code("\"xs\" %0", body),
        [
            "load_int r1, 1",
            "copy r3, r0",
            "array_push r3, r1",
            "move r1, r3",
            "new_array r3, r0, 2",
            "return r3",
        ]
    );
}

#[test]
fn each_branch_updates_its_last_use_in_place() {
    let body = "%2 = if %1 {\n%3 = push %0, %1\nyield (%3)\n} else {\n%4 = const 2.0\n\
                %5 = push %0, %4\nyield (%5)\n}\nreturn %2";
    assert_eq!(
        code("\"xs\" %0, \"x\" %1", body),
        [
            "jump_unless r1, L3",
            "array_push r0, r1",
            "jump L5",
            "L3:",
            "load_int r1, 2",
            "array_push r0, r1",
            "L5:",
            "return r0",
        ]
    );
}

#[test]
fn what_a_catch_reads_is_not_updated_in_place() {
    let body = "%1 = try {\n%2 = push %0, %0\nyield (%2)\n} catch (%3) {\nyield (%0)\n}\nreturn %1";
    assert_eq!(
        code("\"xs\" %0", body),
        [
            "L0:",
            "copy r1, r0",
            "copy r2, r0",
            "array_push r2, r1",
            "move r0, r2",
            "L4:",
            "return r0",
            "catch L0, L4, L4, r1",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn tests_are_fused_with_jumps() {
    let body = "%2 = const 0.9\n%3 = at_least %0, %2\n%4 = if %3 {\n%5 = const null\n\
                %6 = equal %1, %5\nyield (%6)\n} else {\nyield (%3)\n}\nif %4 {\nreturn %0\n} else {\n\
                return %1\n}\nunreachable";
    assert_eq!(
        code("\"a\" %0, \"b\" %1", body),
        [
            "load_const r2, 0.9",
            "jump_not_confident r0, r2, L5",
            "jump_not_null r1, L5",
            "return r0",
            "L5:",
            "return r1",
        ]
    );
}

#[test]
fn elements_of_an_array_need_one_instruction_per_turn() {
    let body = "%1 = items %0\n%2 = item_count %1\n%3 = const 0.0\n\
                %4 = loop 'l0 (%5, %6) from (%3, %3) {\n%7 = less %5, %2\nif %7 {\n\
                %8 = item_at %1, %5\n%9 = add %6, %8\n%10 = const 1.0\n%11 = add %5, %10\n\
                continue 'l0 (%11, %9)\n} else {\nbreak 'l0 (%6)\n}\nunreachable\n}\nreturn %4";
    assert_eq!(
        code("\"xs\" %0", body),
        [
            "items r0, r0",
            "load_int r2, 0",
            "load_int r1, -1",
            "jump L5",
            "L4:",
            "add r2, r2, r3",
            "L5:",
            "for_each r3, r0, L4",
            "return r2",
        ]
    );
}

#[test]
fn arguments_are_made_where_the_call_wants_them() {
    let body = "%1 = const 1.0\n%2 = add %0, %1\n%3 = multiply %0, %0\n%4 = subtract %3, %1\n\
                %5 = call @0 (%2)\n%6 = call_value %0 (%5, %4)\nreturn %6";
    assert_eq!(
        code("\"a\" %0", body),
        [
            "add_i r1, r0, 1",
            "mul r2, r0, r0",
            "sub_i r4, r2, 1",
            "call r3, r1, 1, @0",
            "move r2, r0",
            "call_value r4, r2, 2",
            "return r4",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn updates_of_shared_variables_go_to_where_the_variable_is() {
    let body = "%1 = const \"k\"\nupdate_global g0 [%1] push %0\n%2: plain cell = cell_new %0\n\
                update_cell %2 [] push %0\n%3 = update %0 [%1] set %0\nreturn %3";
    assert_eq!(
        code("\"a\" %0", body),
        [
            "copy r2, r0",
            "load_const r1, \"k\"",
            "push_path_global r1, 1, g0",
            "copy r1, r0",
            "new_cell r1, r1",
            "copy r2, r0",
            "push_path_cell r1, r2, 0",
            "copy r1, r0",
            "copy r2, r0",
            "set_field r2, r1, \"k\"",
            "return r2",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn the_same_module_gives_the_same_code() {
    let body = "%1 = const \"x\"\n%2 = object [\"b\": %0, \"a\": %1, \"b\": %1]\nreturn %2";
    assert_eq!(code("\"a\" %0", body), code("\"a\" %0", body));
    assert!(code("\"a\" %0", body).contains(&"new_object r0, r1, [\"b\" \"a\"]".to_owned()));
}
