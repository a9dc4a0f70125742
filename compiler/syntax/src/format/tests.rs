//! A test per rule of the style.

use super::{format, print};

/// Formats to this, and this stays as it is.
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(print(text), expected, "{text}");
    assert_eq!(print(expected), expected, "a second time");
    assert_eq!(format(text), expected, "with the check");
}

#[test]
fn spaces() {
    check("let  x=1+2*-3", "let x = 1 + 2 * -3\n");
    check("f( a,b ,...c )[ 0 ] . d ?. e", "f(a, b, ...c)[0].d?.e\n");
    check("x={a:1,b ,[c]:2}", "x = { a: 1, b, [c]: 2 }\n");
    check("if(a){b}else{c}", "if (a) { b } else { c }\n");
    check("a?b:c ~>0.5", "a ? b : c ~> 0.5\n");
    check("!a&&- -b", "!a && - -b\n");
    check("f(x=>x , (a,b)=>{ })", "f(x => x, (a, b) => {})\n");
    check("i ++ ; -- j", "i++\n--j\n");
    check("for(;;){}", "for (;;) {}\n");
    check("for(let i=0;i<2;i++){ }", "for (let i = 0; i < 2; i++) {}\n");
    check("type A<T>=Map< K,T [] >|null", "type A<T> = Map<K, T[]> | null\n");
    check(
        "function f<T>( a ?: T,b :string=1 ):T~>0.5{ }",
        "function f<T>(a?: T, b: string = 1): T ~> 0.5 {}\n",
    );
    check("type A=any~>=0.9   verified", "type A = any ~>= 0.9 verified\n");
    check("let a=b~>0.9   verified;c", "let a = b ~> 0.9 verified\nc\n");
    check(
        "irreversible   effect a{b( c:any~>=0.9 verified ):null}",
        "irreversible effect a { b(c: any ~>= 0.9 verified): null }\n",
    );
    check("import{a,b as c}from'm'", "import { a, b as c } from 'm'\n");
    check("x~?1:2", "x ~? 1 : 2\n");
    check("f=<T ,U>( x:T ):T=>x", "f = <T, U>(x: T): T => x\n");
    check("f( <T>( x )=>x )", "f(<T>(x) => x)\n");
    check("function f():( x:T )=>U{ }", "function f(): (x: T) => U {}\n");
    check("f=():( (x:T)=>U )=>g", "f = (): ((x: T) => U) => g\n");
    check("type A=readonly   T [ ]", "type A = readonly T[]\n");
    check("import type{ A }from'm'", "import type { A } from 'm'\n");
    check("import{type   A,b}from'm'", "import { type A, b } from 'm'\n");
    check("<~x>=~y", "<~ x >= ~y\n");
}

#[test]
fn statements_stand_on_their_lines() {
    check("let a = 1; let b = 2;", "let a = 1\nlet b = 2\n");
    check("a\n\n\n\nb\nc", "a\n\nb\nc\n");
    check("\n\na\n\n", "a\n");
    check("a;\n-b", "a;\n-b\n");
    check("function f() { a; b }", "function f() { a; b }\n");
    check("function f() { a\n\n b; c }", "function f() {\n  a\n\n  b\n  c\n}\n");
    check("if (a)\n{\nb\n}\nelse\n{ c }", "if (a) {\n  b\n} else { c }\n");
    check("try { a }\ncatch (e) { b }", "try { a } catch (e) { b }\n");
}

#[test]
fn lines_that_go_on() {
    check("let x = a\n.b()\n.c()", "let x = a\n  .b()\n  .c()\n");
    check("f(\na,\nb\n)", "f(\n  a,\n  b\n)\n");
    check("f(a, {\nb: 1,\n\nc: 2 })", "f(a, {\n  b: 1,\n\n  c: 2\n})\n");
    check("let y = a ?\nb :\nc", "let y = a ?\n  b :\n  c\n");
    check("xs.map(x => {\nreturn x\n})", "xs.map(x => {\n  return x\n})\n");
    check("for (\n;;) { a }", "for (;;) { a }\n");
    check("if (a)\nb()\nelse\nc()", "if (a)\n  b()\nelse\n  c()\n");
}

#[test]
fn items_of_constructs() {
    check("match v { 1=>a, _ => b }", "match v { 1 => a, _ => b }\n");
    check("match v {\n1 => a,\n_ => { b },\n}", "match v {\n  1 => a,\n  _ => { b }\n}\n");
    check("uncertain if (a) { high { b } low -> c }", "uncertain if (a) { high { b } low -> c }\n");
    check(
        "switch (a) {\ncase 1: b\nc\ndefault:\nd\n}",
        "switch (a) {\n  case 1: b\n    c\n  default:\n    d\n}\n",
    );
    check(
        "agents {\nA: Agent { k: 1 },\nB: Agent {}\n}",
        "agents {\n  A: Agent { k: 1 }\n  B: Agent {}\n}\n",
    );
}

#[test]
fn comments_stay() {
    check("// a\nb // c\n\n// d\n", "// a\nb // c\n\n// d\n");
    check("/** @name x\n* @version 1\n*/\na", "/** @name x\n * @version 1\n */\na\n");
    check("f(a, // one\nb /* two */)", "f(a, // one\n  b /* two */)\n");
    check("if (a) { // why\nb\n// last\n}", "if (a) { // why\n  b\n  // last\n}\n");
    check("let x = [\n// one\n1,\n2 // two\n]", "let x = [\n  // one\n  1,\n  2 // two\n]\n");
    check("if (a) { b }\n// c\nelse { d }", "if (a) { b }\n// c\nelse { d }\n");
}

#[test]
fn strings_stay() {
    check("x = `a\n  ${ b }\n c`", "x = `a\n  ${ b }\n c`\n");
}

#[test]
fn broken_statements_stay() {
    check("let  a=1\nlet x = *   2\nlet  b=2", "let a = 1\nlet x = *   2\nlet b = 2\n");
    check("function f() {\nlet  x = (1\n}\n", "function f() {\n  let  x = (1\n}\n");
    check("a   b\nc  +  d", "a b\nc + d\n");
    check("x=1 }\ny=2", "x = 1 }\ny = 2\n");
}

mod property {
    use std::fs;
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::super::{format, print};
    use crate::{dump, parse};

    fn meaning(text: &str) -> String {
        dump::meaning(text, &parse(text))
    }

    fn words(text: &str) -> String {
        let marks = |c: &char| !(c.is_whitespace() || matches!(c, ';' | ','));
        text.chars().filter(marks).collect()
    }

    /// What a correct text must keep.
    fn keeps_everything(text: &str) {
        let printed = print(text);
        assert_eq!(meaning(&printed), meaning(text), "{text}\n---\n{printed}");
        assert_eq!(words(&printed), words(text), "{text}\n---\n{printed}");
        assert_eq!(print(&printed), printed, "{text}\n---\n{printed}");
    }

    #[expect(clippy::disallowed_methods, reason = "a test reads its cases")]
    fn programs() -> Vec<String> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
        let entries = fs::read_dir(folder).expect("the cases stand beside the project");
        let mut files: Vec<PathBuf> =
            entries.map(|entry| entry.expect("an entry").path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "prism"));
        files.sort();
        let mut programs: Vec<String> =
            files.iter().map(|path| fs::read_to_string(path).expect("text")).collect();
        let all_forms = include_str!("../../tests/all_forms.prism");
        // In pieces, so that each gets its share of changes.
        let lines: Vec<&str> = all_forms.lines().collect();
        programs.extend(lines.chunks(5).map(|lines| lines.join("\n")));
        programs.push(all_forms.to_owned());
        programs
    }

    #[test]
    fn conformance_cases_keep_their_meaning() {
        for text in programs() {
            if parse(&text).errors.is_empty() {
                keeps_everything(&text);
            }
            let once = format(&text);
            assert_eq!(format(&once), once, "{text}");
            assert_eq!(meaning(&once), meaning(&text), "{text}");
        }
    }

    /// Spaces, line breaks and comments to put between tokens.
    const GAPS: &[&str] =
        &["", " ", "  ", "\n", "\n\n\n", " // c\n", " /* c */ ", "\n// d\n", "\n /* e\n * f */\n"];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn programs_with_other_gaps_keep_their_meaning(
            which in any::<prop::sample::Index>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(GAPS)), 0..6),
        ) {
            let programs = programs();
            let mut text = programs[which.index(programs.len())].clone();
            for (at, gap) in changes {
                let tokens = crate::lexer::lex(&text).tokens;
                if !tokens.is_empty() {
                    let at = tokens[at.index(tokens.len())].span.start as usize;
                    text.insert_str(at, gap);
                }
            }
            if parse(&text).errors.is_empty() {
                keeps_everything(&text);
            }
            let once = format(&text);
            assert_eq!(format(&once), once, "{text}");
            assert_eq!(meaning(&once), meaning(&text), "{text}");
        }
    }
}
