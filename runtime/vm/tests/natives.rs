//! The functions of the machine.

mod common;

use common::{gives, throws};

/// A literal: JSON that is loaded through `JSON.parse`.
fn load(reg: usize, json: &str) -> String {
    format!("load_const r{reg}, {json:?}\ncall_native r{reg}, r{reg}, 1, JSON.parse\n")
}

/// Calls a function of the machine with JSON arguments.
fn lines(name: &str, args: &[&str]) -> String {
    let loads: String = args.iter().enumerate().map(|(at, json)| load(at, json)).collect();
    format!("{loads}call_native r0, r0, {}, {name}\nreturn r0", args.len())
}

#[track_caller]
fn native(name: &str, args: &[&str], expected: &str) {
    gives(&lines(name, args), expected);
}

#[test]
fn texts() {
    native("string.slice", &["\"abcdef\"", "1", "-1"], "\"bcde\"");
    native("string.slice", &["\"a😀b\"", "1", "3"], "\"😀\"");
    native("string.substring", &["\"abc\"", "2", "0"], "\"ab\"");
    native("string.substr", &["\"abcdef\"", "-3", "2"], "\"de\"");
    native("string.split", &["\"a,b,,c\"", "\",\""], "[\"a\",\"b\",\"\",\"c\"]");
    native("string.split", &["\"añ\"", "\"\""], "[\"a\",\"ñ\"]");
    native("string.split", &["\"a b\""], "[\"a b\"]");
    native("string.indexOf", &["\"😀abc\"", "\"b\""], "3");
    native("string.indexOf", &["\"abcabc\"", "\"c\"", "3"], "5");
    native("string.lastIndexOf", &["\"abcabc\"", "\"c\""], "5");
    native("string.includes", &["\"abc\"", "\"bc\""], "true");
    native("string.startsWith", &["\"abc\"", "\"bc\"", "1"], "true");
    native("string.endsWith", &["\"abc\"", "\"bc\""], "true");
    native("string.trim", &["\" \\n a b\\t\""], "\"a b\"");
    native("string.padStart", &["\"7\"", "3", "\"0\""], "\"007\"");
    native("string.padEnd", &["\"ab\"", "5", "\"xyz\""], "\"abxyz\"");
    native("string.repeat", &["\"ab\"", "3"], "\"ababab\"");
    native("string.replace", &["\"aXbX\"", "\"X\"", "\"-\""], "\"a-bX\"");
    native("string.replaceAll", &["\"aXbX\"", "\"X\"", "\"-\""], "\"a-b-\"");
    native("string.toUpperCase", &["\"straße\""], "\"STRASSE\"");
    native("string.charAt", &["\"abc\"", "1"], "\"b\"");
    native("string.charCodeAt", &["\"abc\"", "1"], "98");
    native("string.codePointAt", &["\"😀\"", "0"], "128512");
    native("string.at", &["\"abc\"", "-1"], "\"c\"");
    native("string.localeCompare", &["\"a\"", "\"B\""], "-1");
    native("string.localeCompare", &["\"a\"", "\"A\""], "-1");
    native("String.fromCharCode", &["72", "105"], "\"Hi\"");
    throws(
        &lines("string.repeat", &["\"ab\"", "-1"]),
        "P1013",
        "`repeat`: the count must be a number from 0 on",
    );
    throws(
        &lines("string.includes", &["\"ab\"", "1"]),
        "P1014",
        "`includes` takes a string, found number",
    );
}

#[test]
fn arrays() {
    let xs = "[3,1,2]";
    native("array.slice", &[xs, "1"], "[1,2]");
    native("array.slice", &[xs, "-1"], "[2]");
    native("array.concat", &[xs, "[4]", "5"], "[3,1,2,4,5]");
    native("array.push", &[xs, "4", "5"], "[3,1,2,4,5]");
    native("array.unshift", &[xs, "4", "5"], "[4,5,3,1,2]");
    native("array.reverse", &[xs], "[2,1,3]");
    native("array.sort", &["[10,9,1]"], "[1,9,10]");
    native("array.sort", &["[\"b\",null,\"a\"]"], "[\"a\",\"b\",null]");
    native("array.indexOf", &["[1,[2],3]", "[2]"], "1");
    native("array.includes", &[xs, "9"], "false");
    native("array.lastIndexOf", &["[1,2,1]", "1"], "2");
    native("array.join", &["[1,null,\"b\",true]"], "\"1,,b,true\"");
    native("array.at", &[xs, "-1"], "2");
    native("array.at", &[xs, "7"], "null");
    native("array.flat", &["[1,[2,[3,[4]]]]"], "[1,2,[3,[4]]]");
    native("array.flat", &["[1,[2,[3,[4]]]]", "2"], "[1,2,3,[4]]");
    native("array.entries", &["[\"a\"]"], "[[0,\"a\"]]");
    native("array.keys", &[xs], "[0,1,2]");
    native("array.with", &[xs, "1", "9"], "[3,9,2]");
    native("array.fill", &[xs, "0", "1"], "[3,0,0]");
    native("array.toSpliced", &[xs, "1", "1", "8", "9"], "[3,8,9,2]");
    native("Array.from", &["{\"length\":2}"], "[null,null]");
    native("Array.from", &["\"ab\""], "[\"a\",\"b\"]");
    native("Array.isArray", &[xs], "true");
    throws(
        &lines("array.with", &[xs, "3", "9"]),
        "P1011",
        "index 3 is outside the array of length 3",
    );
}

#[test]
fn objects_and_json() {
    let o = "{\"b\":1,\"a\":{\"x\":[1,2]}}";
    native("Object.keys", &[o], "[\"b\",\"a\"]");
    native("Object.values", &[o], "[1,{\"x\":[1,2]}]");
    native("Object.entries", &[o], "[[\"b\",1],[\"a\",{\"x\":[1,2]}]]");
    native("Object.assign", &[o, "{\"b\":2,\"c\":3}"], "{\"b\":2,\"a\":{\"x\":[1,2]},\"c\":3}");
    native("Object.fromEntries", &["[[\"k\",1]]"], "{\"k\":1}");
    native("object.with", &[o, "\"b\"", "5"], "{\"b\":5,\"a\":{\"x\":[1,2]}}");
    native("object.without", &[o, "\"a\""], "{\"b\":1}");
    native("Object.hasOwn", &[o, "\"b\""], "true");
    native("JSON.stringify", &[o], "\"{\\\"b\\\":1,\\\"a\\\":{\\\"x\\\":[1,2]}}\"");
    native("JSON.stringify", &["{\"a\":[]}", "null", "2"], "\"{\\n  \\\"a\\\": []\\n}\"");
    native("JSON.stringify", &[o, "[\"b\"]"], "\"{\\\"b\\\":1}\"");
    native("JSON.parse", &["\"[1e3,\\\"\\\\ud83d\\\\ude00\\\"]\""], "[1000,\"😀\"]");
    for text in ["", "{", "[1,]", "01", "\"\\x\"", "nul", "1 2", "{\"a\" 1}", "'a'"] {
        let parse =
            format!("load_const r0, {text:?}\ncall_native r0, r0, 1, JSON.parse\nreturn r0");
        assert_eq!(common::trap(&common::main_of(&parse)).code, "P1021", "{text}");
    }
    let deep = "[".repeat(100_000);
    let parse = format!("load_const r0, {deep:?}\ncall_native r0, r0, 1, JSON.parse\nreturn r0");
    assert_eq!(common::trap(&common::main_of(&parse)).code, "P1021");
}

#[test]
fn numbers() {
    native("Math.round", &["-2.5"], "-2");
    native("Math.round", &["2.5"], "3");
    native("Math.max", &["1", "7", "3"], "7");
    native("Math.max", &[], "null");
    native("Math.hypot", &["3", "4"], "5");
    native("Math.sign", &["-3"], "-1");
    native("Math.trunc", &["-2.7"], "-2");
    native("Math.pow", &["10", "-3"], "0.001");
    native("number.toFixed", &["1.005", "2"], "\"1.00\"");
    native("number.toString", &["255", "16"], "\"ff\"");
    native("number.toString", &["-0.5", "2"], "\"-0.1\"");
    native("number.toPrecision", &["123.456", "4"], "\"123.5\"");
    native("number.toPrecision", &["0.00001", "1"], "\"0.00001\"");
    native("number.toPrecision", &["123456", "2"], "\"1.2e+5\"");
    native("number.toLocaleString", &["1234567.891"], "\"1,234,567.891\"");
    native("Number", &["\" 12 \""], "12");
    native("Number", &["\"12px\""], "null");
    native("parseInt", &["\"12px\""], "12");
    native("parseFloat", &["\"1.5e2x\""], "150");
    native("isNaN", &["\"x\""], "true");
    native("Number.isInteger", &["5"], "true");
    native("Number.isInteger", &["\"5\""], "false");
    native("String", &["[1,{\"a\":null}]"], "\"[1, { a: null }]\"");
    native("Boolean", &["[]"], "true");
    throws(&lines("Math.sqrt", &["\"9\""]), "P1014", "`Math.sqrt` takes a number, found string");
    throws(&lines("Math.sqrt", &[]), "P1008", "`Math.sqrt` takes 1 argument, found 0");
    throws(
        &lines("number.toFixed", &["1", "101"]),
        "P1013",
        "`toFixed`: the number of digits is out of range",
    );
}

#[test]
fn the_winner_keeps_its_own_confidence() {
    let two = "load_int r0, 10\nload_const r2, 0.9\nannotate r0, r0, r2\n";
    gives(&format!("{two}load_int r1, 30\ncall_native r0, r0, 2, max\nreturn r0"), "30");
    gives(
        &format!("{two}load_int r1, 3\ncall_native r0, r0, 2, max\nreturn r0"),
        "{\"~\":[10,0.9]}",
    );
    gives(&format!("{two}call_native r0, r0, 1, value\nreturn r0"), "10");
    throws(
        "call_native r0, r0, 0, max\nreturn r0",
        "P1008",
        "`max` takes at least 1 argument, found 0",
    );
}

#[test]
fn natives_work_in_place_when_they_may() {
    // 100,000 pushes of a moved array are linear; a copy each time would run out of fuel.
    gives(
        "new_array r1, r1, 0\nload_int r3, 0\nload_const r4, 100000\nagain:\nmove r5, r1\ncopy r6, r3\n\
         call_method r1, r5, 1, \"push\"\nfor_less r3, r4, 1, again\nlength r0, r1\nreturn r0",
        "100000",
    );
}
