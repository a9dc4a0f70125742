//! Arrays, objects, updates in place, patterns, text forms.

mod common;

use common::{gives, main_of, result, throws};

/// `[10, 20, 30]` in r0; uses r10 to r12.
const ARRAY: &str = "load_int r10, 10\nload_int r11, 20\nload_int r12, 30\nnew_array r0, r10, 3\n";
/// `{ a: 1, b: [2] }` in r0; uses r10 and r11.
const OBJECT: &str =
    "load_int r10, 1\nload_int r11, 2\nnew_array r11, r11, 1\nnew_object r0, r10, [\"a\" \"b\"]\n";

fn array(lines: &str, expected: &str) {
    gives(&format!("{ARRAY}{lines}"), expected);
}

fn object(lines: &str, expected: &str) {
    gives(&format!("{OBJECT}{lines}"), expected);
}

#[test]
fn indices_are_floored_and_checked() {
    array("load_const r1, 1.9\nget_index r2, r0, r1\nreturn r2", "20");
    array("get_index_i r2, r0, 2\nreturn r2", "30");
    let out = "load_int r1, 3\nget_index r2, r0, r1\nreturn r2";
    throws(&format!("{ARRAY}{out}"), "P1011", "index 3 is outside the array of length 3");
    throws(
        &format!("{ARRAY}get_index_i r2, r0, -1\nreturn r2"),
        "P1011",
        "index -1 is outside the array of length 3",
    );
    throws(
        &format!("{ARRAY}load_const r1, \"a\"\nget_index r2, r0, r1\nreturn r2"),
        "P1011",
        "an index must be a number, found string",
    );
    throws(
        "load_const r0, \"abc\"\nget_index_i r1, r0, 0\nreturn r1",
        "P1011",
        "cannot index string: `at` gives a character of it",
    );
    array("load_int r1, 9\nget_index_optional r2, r0, r1\nreturn r2", "null");
}

#[test]
fn members_have_modes() {
    object("get_field r1, r0, \"a\"\nreturn r1", "1");
    throws(
        &format!("{OBJECT}get_field r1, r0, \"A\"\nreturn r1"),
        "P1009",
        "the object has no property `A`; did you mean `a`?",
    );
    throws("load_null r0\nget_field r1, r0, \"a\"\nreturn r1", "P1010", "cannot read `a` of null");
    throws(
        "load_true r0\nget_field r1, r0, \"a\"\nreturn r1",
        "P1010",
        "cannot read `a` of boolean",
    );
    object("get_field_as r1, r0, optional, \"x\"\nreturn r1", "null");
    object("get_field_as r1, r0, soft, \"x\"\nreturn r1", "null");
    object("get_field_as r1, r0, confident, \"a\"\nreturn r1", "{\"~\":[1,1]}");
    gives("load_null r0\nget_field_as r1, r0, optional, \"x\"\nreturn r1", "null");
    gives("load_null r0\nget_field_as r1, r0, confident, \"x\"\nreturn r1", "{\"~\":[null,1]}");
    throws(
        "load_null r0\nget_field_as r1, r0, soft, \"x\"\nreturn r1",
        "P1010",
        "cannot read `x` of null",
    );
    object("load_const r1, \"zz\"\nget_index r2, r0, r1\nreturn r2", "null");
    array("get_field r1, r0, \"length\"\nreturn r1", "3");
    gives("load_const r0, \"\u{1F600}a\"\nget_field r1, r0, \"length\"\nreturn r1", "3");
}

#[test]
fn containers_pass_their_confidence_on() {
    let confident = "load_const r1, 0.5\nannotate r0, r0, r1\n";
    object(&format!("{confident}get_field r1, r0, \"a\"\nreturn r1"), "{\"~\":[1,0.5]}");
    array(&format!("{confident}get_index_i r1, r0, 0\nreturn r1"), "{\"~\":[10,0.5]}");
    gives(
        &format!(
            "load_int r2, 7\nload_const r3, 0.5\nannotate r2, r2, r3\nnew_object r0, r2, [\"n\"]\n{confident}get_field r1, r0, \"n\"\nreturn r1"
        ),
        "{\"~\":[7,0.25]}",
    );
    array(&format!("{confident}items r1, r0\nreturn r1"), "[10,20,30]");
    array(&format!("{confident}pick_index r1, r0, 1\nreturn r1"), "20");
}

#[test]
fn updates_leave_other_holders_alone() {
    array(
        "copy r1, r0\nload_int r2, 0\nload_int r3, 99\nset_index r1, r2, r3\n\
         load_int r4, 5\narray_push r1, r4\nnew_array r5, r0, 2\nreturn r5",
        "[[10,20,30],[99,20,30,5]]",
    );
    object(
        "copy r1, r0\nload_int r2, 9\nset_field r1, r2, \"a\"\nload_int r3, 8\nset_field r1, r3, \"c\"\n\
         new_array r5, r0, 2\nreturn r5",
        "[{\"a\":1,\"b\":[2]},{\"a\":9,\"b\":[2],\"c\":8}]",
    );
    // Nested: the inner array is shared with the copy.
    object(
        "copy r1, r0\nload_const r2, \"b\"\nload_int r3, 0\nload_int r4, 7\nset_path r1, r2, 2\n\
         load_const r2, \"b\"\nload_int r3, 6\npush_path r1, r2, 1\nnew_array r5, r0, 2\nreturn r5",
        "[{\"a\":1,\"b\":[2]},{\"a\":1,\"b\":[7,6]}]",
    );
}

#[test]
fn updates_keep_the_confidence_of_containers() {
    object(
        "load_const r1, 0.5\nannotate r0, r0, r1\nload_const r2, \"b\"\nload_int r3, 3\n\
         push_path r0, r2, 1\nload_int r4, 5\nset_field r0, r4, \"a\"\nreturn r0",
        "{\"~\":[{\"a\":5,\"b\":[2,3]},0.5]}",
    );
}

#[test]
fn a_failed_update_changes_nothing() {
    let text = main_of(&format!(
        "{OBJECT}from:\nload_const r2, \"b\"\nload_int r3, 5\nload_int r4, 7\nset_path r0, r2, 2\n\
         to:\nreturn_null\ncaught:\nreturn r0\ncatch from, to, caught, r9"
    ));
    assert_eq!(result(&text).to_json_text(), "{\"a\":1,\"b\":[2]}");
    throws(
        &format!(
            "{OBJECT}load_const r2, \"x\"\nload_int r3, 0\nload_int r4, 7\nset_path r0, r2, 2\nreturn r0"
        ),
        "P1009",
        "the object has no property `x`",
    );
    throws(
        "load_int r1, 1\nset_field r0, r1, \"a\"\nreturn r0",
        "P1017",
        "cannot set a part of null",
    );
    throws(
        "load_int r0, 1\nload_int r1, 1\narray_push r0, r1\nreturn r0",
        "P1017",
        "cannot push to number",
    );
}

#[test]
fn cells_and_globals_update_in_place() {
    let text = "global \"xs\"\nfn \"main\" ( ) regs 4\nnew_array r0, r0, 0\nset_global r0, g0\n\
        load_int r1, 5\npush_path_global r1, 0, g0\nload_int r1, 0\nload_int r2, 6\n\
        set_path_global r1, 1, g0\nget_global r3, g0\nnew_cell r3, r3\nload_int r1, 7\n\
        push_path_cell r3, r1, 0\ncell_get r0, r3\nreturn r0";
    assert_eq!(result(text).to_json_text(), "[6,7]");
    let early = "global \"total\"\nfn \"main\" ( ) regs 1\nget_global r0, g0\nreturn r0";
    assert_eq!(common::trap(early).message, "cannot read `total` before it is initialised");
}

#[test]
fn spread_and_rest() {
    array(
        "new_array r1, r1, 0\narray_spread r1, r0\narray_spread r1, r0\nreturn r1",
        "[10,20,30,10,20,30]",
    );
    array("array_rest r1, r0, 1\nreturn r1", "[20,30]");
    array("array_rest r1, r0, 9\nreturn r1", "[]");
    object(
        "new_object r1, r1, []\nobject_spread r1, r0\nload_null r2\nobject_spread r1, r2\nreturn r1",
        "{\"a\":1,\"b\":[2]}",
    );
    object("object_rest r1, r0, [\"a\" \"z\"]\nreturn r1", "{\"b\":[2]}");
    throws(
        "new_array r0, r0, 0\nload_int r1, 5\narray_spread r0, r1\nreturn r0",
        "P1015",
        "cannot spread number as an array",
    );
    throws(
        "load_int r0, 123\npick_index r1, r0, 0\nreturn r1",
        "P1015",
        "cannot destructure number as an array",
    );
    object("pick_field r1, r0, \"zz\"\nreturn r1", "null");
    object(
        "pick_field_maybe r1, r0, \"zz\"\njump_given r1, yes\nload_int r1, 42\nyes:\nreturn r1",
        "42",
    );
    array("pick_index_maybe r1, r0, 7\nsettle r1\nreturn r1", "null");
}

#[test]
fn many_keys_make_a_dictionary_with_the_same_manners() {
    let mut lines = String::from("new_object r0, r0, []\n");
    for key in 0..80 {
        lines.push_str(&format!("load_int r1, {key}\nset_field r0, r1, \"k{key}\"\n"));
    }
    lines.push_str("copy r2, r0\nload_int r1, -1\nset_field r2, r1, \"k79\"\n");
    let get = "get_field r3, r0, \"k79\"\nget_field r4, r2, \"k79\"\nlength r5, r0\nnew_array r6, r3, 3\nreturn r6";
    gives(&format!("{lines}{get}"), "[79,-1,80]");
    gives(&format!("{lines}same r6, r0, r2\nreturn r6"), "false");
}

#[test]
fn text_forms() {
    array("concat r1, r0, 1\nreturn r1", "\"[10, 20, 30]\"");
    object("concat r1, r0, 1\nreturn r1", "\"{ a: 1, b: [2] }\"");
    array(
        "load_const r1, 0.825\nannotate r0, r0, r1\nconcat r1, r0, 1\nreturn r1",
        "\"[10, 20, 30] (~82.5%)\"",
    );
    gives(
        "new_object r0, r0, []\nload_const r1, 1e21\nload_null r2\nload_native r3, print\nconcat r4, r0, 4\nreturn r4",
        "\"{}1e+21null[Function: print]\"",
    );
}

#[test]
fn kinds_and_type_names() {
    gives("load_null r0\ntypeof r1, r0\nreturn r1", "\"null\"");
    array("jump_kind r0, array, yes\nreturn_null\nyes:\ntypeof r1, r0\nreturn r1", "\"array\"");
    array("load_const r1, \"Array\"\ninstance_of r2, r0, r1\nreturn r2", "true");
    throws(
        "load_const r1, \"widget\"\ninstance_of r2, r0, r1\nreturn r2",
        "P1018",
        "`widget` is not the name of a type",
    );
    object("load_const r1, \"a\"\nin r2, r1, r0\nreturn r2", "true");
    array("load_int r1, 3\nin r2, r1, r0\nreturn r2", "false");
}

#[test]
fn deep_values_do_not_overflow_the_stack() {
    // A list nested 200,000 deep is built, printed, compared with itself, and released.
    let text = main_of(
        "load_int r0, 0\nload_const r1, 200000\nload_null r2\nagain:\nnew_array r2, r2, 1\n\
         for_less r0, r1, 1, again\ncopy r3, r2\nload_null r4\nnew_array r4, r3, 2\nsame r5, r2, r4\n\
         concat r6, r2, 1\nlength r7, r6\nload_null r2\nload_null r4\nreturn r7",
    );
    assert_eq!(result(&text).to_json_text(), "400004");
    let text = main_of(
        "load_int r0, 0\nload_int r1, 300\nload_null r2\nagain:\nnew_array r2, r2, 1\nfor_less r0, r1, 1, again\nreturn r2",
    );
    assert_eq!(common::trap(&text).message, "the value is nested more than 256 levels deep");
}

#[test]
fn values_that_share_parts_do_not_explode() {
    // A pair of the same pair, 60 levels: 2^60 leaves when walked as a tree.
    let lines = "load_int r0, 0\nload_int r1, 60\nload_int r2, 1\nagain:\ncopy r3, r2\n\
        copy r4, r2\nnew_array r2, r3, 2\nfor_less r0, r1, 1, again\n";
    for end in ["concat r5, r2, 1\nreturn r5", "return r2"] {
        let trap = common::trap(&main_of(&format!("{lines}{end}")));
        assert!(["P1101", "P1102"].contains(&trap.code), "{trap:?}");
    }
    // The result is taken out when the program is over, and at no place any more.
    let trap = common::trap(&main_of(&format!("{lines}return r2")));
    assert!(trap.frames.is_empty(), "{trap:?}");
    let same = "copy r5, r2\nget_index_i r7, r2, 0\ncopy r8, r7\nnew_array r7, r7, 2\n\
        same r5, r2, r7\nreturn r5";
    gives(&format!("{lines}{same}"), "true");
}

/// `[{ a: 1, b: 2 }, { b: 3, a: 4 }, { b: 5 }, { a: 6 } ~> 0.5]` in r0, 0 in r4, 4 in r9.
const RECORDS: &str = "load_int r10, 1\nload_int r11, 2\nnew_object r1, r10, [\"a\" \"b\"]\n\
    load_int r10, 3\nload_int r11, 4\nnew_object r2, r10, [\"b\" \"a\"]\n\
    load_int r10, 5\nnew_object r3, r10, [\"b\"]\nload_int r10, 6\nnew_object r4, r10, [\"a\"]\n\
    load_const r10, 0.5\nannotate r4, r4, r10\nnew_array r0, r1, 4\nload_int r4, 0\nload_int r9, 4\n";

fn records(lines: &str, expected: &str) {
    gives(&format!("{RECORDS}{lines}"), expected);
}

#[test]
fn one_update_serves_elements_of_many_shapes() {
    let set = "again:\ncopy r5, r4\nload_const r6, \"a\"\nmul_i r7, r4, 10\nset_path r0, r5, 2\n\
        for_less r4, r9, 1, again\n";
    let set_all =
        "[{\"a\":0,\"b\":2},{\"b\":3,\"a\":10},{\"b\":5,\"a\":20},{\"~\":[{\"a\":30},0.5]}]";
    records(&format!("{set}return r0"), set_all);
    // In each turn somebody else holds the array: what it holds stays.
    let shared = set.replace("again:", "again:\ncopy r1, r0");
    let before = set_all.replace("30", "6");
    records(
        &format!("{shared}copy r2, r0\nmove r3, r1\nnew_array r5, r2, 2\nreturn r5"),
        &format!("[{set_all},{before}]"),
    );
    // The same for one of the elements.
    let held = set.replace("again:", "again:\nget_index r8, r0, r4");
    records(
        &format!("{held}move r2, r0\nmove r3, r8\nnew_array r5, r2, 2\nreturn r5"),
        &format!("[{set_all},{{\"~\":[{{\"a\":6}},0.5]}}]"),
    );
}

#[test]
fn updates_of_elements_of_elements() {
    let grid = "new_array r1, r10, 3\nload_int r10, 7\nnew_array r2, r10, 1\nnew_array r0, r1, 2\n\
        load_int r4, 0\nload_int r9, 2\nagain:\ncopy r5, r4\nload_int r6, 0\nsub_i r7, r4, 5\n\
        set_path r0, r5, 2\nfor_less r4, r9, 1, again\nreturn r0";
    array(grid, "[[-5,null,null],[-4]]");
    object(
        "load_int r4, 0\nload_int r9, 3\nagain:\nload_const r1, \"b\"\nload_int r2, 0\n\
         mul_i r3, r4, 5\nset_path r0, r1, 2\nfor_less r4, r9, 1, again\nreturn r0",
        "{\"a\":1,\"b\":[10]}",
    );
}

#[test]
fn an_element_to_set_has_a_whole_number() {
    let set = "load_const r1, 0.5\nload_int r2, 1\nset_index r0, r1, r2\nreturn r0";
    let message = "the index of an element to set must be a whole number, found 0.5";
    throws(&format!("{ARRAY}{set}"), "P1011", message);
    let push = "load_const r1, 1.5\nload_int r2, 1\npush_path r0, r1, 1\nreturn r0";
    throws(&format!("{ARRAY}{push}"), "P1011", &message.replace("0.5", "1.5"));
    array("load_const r1, 1.0\nload_null r2\nset_index r0, r1, r2\nreturn r0", "[10,null,30]");
}

#[test]
fn parts_of_elements() {
    records(
        "again:\nget_index r5, r0, r4\nget_field r5, r5, \"a\"\nmove r6, r5\nadd_i r6, r6, 1\n\
         new_array r7, r7, 0\narray_push r7, r6\nadd_i r4, r4, 1\njump_less_i r4, 2, again\n\
         get_index_i r5, r0, 3\nget_field r5, r5, \"a\"\narray_push r7, r5\nreturn r7",
        "[5,{\"~\":[6,0.5]}]",
    );
    let third = "load_int r4, 2\nget_index r5, r0, r4\nget_field r5, r5, \"a\"\nreturn r5";
    throws(&format!("{RECORDS}{third}"), "P1009", "the object has no property `a`");
    let fourth = "load_int r4, 3\nget_index r5, r0, r4\nget_field r5, r5, \"a\"\nreturn r5";
    records(fourth, "{\"~\":[6,0.5]}");
    let nested = "new_array r0, r0, 1\nload_int r1, 0\nload_int r2, 2\nget_index r3, r0, r1\n\
        get_index r3, r3, r2\nreturn r3";
    array(nested, "30");
    let behind = nested.replace("r2, 2", "r2, 3");
    let message = "index 3 is outside the array of length 3";
    throws(&format!("{ARRAY}{behind}"), "P1011", message);
    object("get_field r1, r0, \"b\"\nget_field r1, r1, \"length\"\nreturn r1", "1");
    gives("load_const r0, \"añ😀\"\nget_field r1, r0, \"length\"\nreturn r1", "4");
}

#[test]
fn a_confident_sum_changes_only_its_own_register() {
    // `total ~> 0.9`, to which 1, `2 ~> 0.5` and 3 are added; a copy is kept before the last.
    gives(
        "load_int r0, 10\nload_const r1, 0.9\nannotate r0, r0, r1\nadd_i r0, r0, 1\n\
         load_int r1, 2\nload_const r2, 0.5\nannotate r1, r1, r2\nadd r0, r0, r1\ncopy r3, r0\n\
         add_i r0, r0, 3\nsub r0, r1, r0\nmove r4, r1\nmove r2, r0\nnew_array r5, r2, 3\nreturn r5",
        "[{\"~\":[-14,0.5]},{\"~\":[13,0.5]},{\"~\":[2,0.5]}]",
    );
    // A text under the confidence goes, and a failure leaves what was there.
    gives(
        "load_const r0, \"a\"\nload_const r1, 0.9\nannotate r0, r0, r1\nload_int r2, 2\n\
         annotate r2, r2, r1\nmul_i r0, r2, 4\nreturn r0",
        "{\"~\":[8,0.9]}",
    );
    let text = main_of(
        "load_int r0, 6\nload_const r1, 0.9\nannotate r0, r0, r1\nfrom:\ndiv_i r0, r0, 0\nto:\n\
         return_null\ncaught:\nreturn r0\ncatch from, to, caught, r9",
    );
    assert_eq!(result(&text).to_json_text(), "{\"~\":[6,0.9]}");
}
