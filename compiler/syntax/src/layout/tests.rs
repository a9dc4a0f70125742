//! A test per rule of the layout: the text, and the tokens with their roles.

use crate::dump;

/// Tokens with a space between them; those that layout decides about are named.
fn laid(text: &str) -> String {
    let mut out = Vec::new();
    for line in dump::tokens(text).lines() {
        let mut parts = line.splitn(3, ' ');
        let (_, kind, quoted) = (parts.next(), parts.next(), parts.next());
        let quoted = quoted.unwrap_or("").strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let text = quoted.unwrap_or("").replace("\\\"", "\"");
        let role = match kind.unwrap_or("") {
            "Sep" => ";".to_owned(),
            "Comma" => ",".to_owned(),
            "RParen" => ")".to_owned(),
            "RBrace" => "}".to_owned(),
            "LBraceBlock" => "{block".to_owned(),
            "RBraceBlock" | "RBraceCases" => "}".to_owned(),
            "LBraceObject" => "{object".to_owned(),
            "LBracePat" => "{pattern".to_owned(),
            "LBraceBranches" => "{branches".to_owned(),
            "LBraceArms" => "{arms".to_owned(),
            "LBraceCases" => "{cases".to_owned(),
            "LBraceAgents" => "{agents".to_owned(),
            "LBraceClauses" => "{clauses".to_owned(),
            "LBraceOps" => "{operations".to_owned(),
            "LBraceNames" => "{names".to_owned(),
            "LParenHead" => "(head".to_owned(),
            "LParenParams" => "(params".to_owned(),
            "LBracketPat" => "[pattern".to_owned(),
            "LambdaIdent" => format!("{text}:param"),
            "ArmArrow" => "=>arm".to_owned(),
            "FunctionExpr" => "function:value".to_owned(),
            "BareReturn" => "return:bare".to_owned(),
            "ForEach" => "for:each".to_owned(),
            "ForSemi" => ";for".to_owned(),
            kind if kind.starts_with("Kw") || kind.starts_with("For") && text != "for" => {
                format!("{text}:word")
            }
            _ => text,
        };
        out.push(role);
    }
    out.join(" ")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(laid(text), expected, "{text}");
}

#[test]
fn a_newline_ends_a_statement() {
    check("a\nb", "a ; b");
    check("a;\n\n;b;", "a ; b");
    check("let a = 1\nf(a)\n", "let a = 1 ; f ( a )");
    check("return\nx", "return:bare ; x");
    check("break\nx", "break ; x");
}

#[test]
fn a_newline_in_brackets_or_an_object_ends_nothing() {
    check("f(\na,\nb\n)", "f ( a , b )");
    check("[\n1,\n2]", "[ 1 , 2 ]");
    check("x = {\na: 1,\nb\n}", "x = {object a : 1 , b }");
}

#[test]
fn a_newline_in_a_block_inside_brackets_does() {
    check("f(x => {\na\nb\n})", "f ( x:param => {block a ; b } )");
}

#[test]
fn a_line_goes_on_after_what_cannot_end() {
    check("a +\nb", "a + b");
    check("let x =\n1", "let x = 1");
    check("x =>\ny", "x:param => y");
    check("f(a)\n  .b", "f ( a ) . b");
}

#[test]
fn a_line_that_can_only_continue_goes_on() {
    for operator in [
        ".b",
        "?.b",
        "~.b",
        "|> f",
        "~|> f",
        "~?> 1",
        "? b : c",
        "&& b",
        "|| b",
        "?? b",
        "+ b",
        "- b",
        "* b",
        "== b",
        "~> 1",
        "~~ b",
        "< b",
        "instanceof b",
        "= b",
    ] {
        let laid = laid(&format!("a\n{operator}"));
        assert!(!laid.contains(';'), "{laid}");
    }
    check("a\n? b\n: c", "a ? b : c");
    check("\"k\"\nin o", "\"k\" in:word o");
}

#[test]
fn a_line_that_begins_a_statement_ends_an_unfinished_one() {
    check("let x =\nlet y = 1", "let x = ; let y = 1");
    check("a.\nif (b) { c }", "a . ; if (head b ) {block c }");
    check("let x =\nfunction f() { }", "let x = ; function f (params ) {block }");
    check("a.\nfunction f() { }", "a . ; function f (params ) {block }");
    check("let x =\nfunction () { }", "let x = function:value (params ) {block }");
    check("x =>\nfunction f() { }", "x:param => function:value f (params ) {block }");
}

#[test]
fn a_bracket_on_a_new_line_starts_a_statement() {
    check("a\n(b)", "a ; ( b )");
    check("a\n[b]", "a ; [ b ]");
    check("a\n<~ b", "a ; <~ b");
    check("a\n!b", "a ; ! b");
    check("a\n++b", "a ; ++ b");
}

#[test]
fn else_catch_finally_and_while_go_on() {
    check("if (a) { b }\nelse { c }", "if (head a ) {block b } else {block c }");
    check(
        "try { a }\ncatch { b }\nfinally { c }",
        "try {block a } catch {block b } finally {block c }",
    );
    check("do { a }\nwhile (b)\nc", "do {block a } while (head b ) ; c");
    check("in context x { a }\n-> y", "in:word context:word x {block a } -> y");
}

#[test]
fn a_body_without_braces_gets_them() {
    check("if (a) b\nc", "if (head a ) {block b } ; c");
    check("if (a) b; else c", "if (head a ) {block b } else {block c }");
    check(
        "if (a)\n  b\nelse if (c)\n  d\ne",
        "if (head a ) {block b } else if (head c ) {block d } ; e",
    );
    check(
        "if (a) if (b) c; else d",
        "if (head a ) {block if (head b ) {block c } else {block d } }",
    );
    check("while (a) b()", "while (head a ) {block b ( ) }");
    check("for (x of xs) f(x)", "for:each (head x of:word xs ) {block f ( x ) }");
    check("do a++ while (b)", "do {block a ++ } while (head b )");
    check("if (a);\nb", "if (head a ) {block } ; b");
}

#[test]
fn a_brace_after_a_header_is_a_block() {
    check("if a { b }", "if a {block b }");
    check("while x < 3 { y }", "while x < 3 {block y }");
    check("for x in xs { y }", "for:each x in:word xs {block y }");
    check("for (;;) { }", "for (head ;for ;for ) {block }");
    check("for i = 0; i < 2; i++ { }", "for i = 0 ;for i < 2 ;for i ++ {block }");
    check(
        "function f(a): { x: number } { a }",
        "function f (params a ) : {object x : number } {block a }",
    );
    check("function f()\n{ a }", "function f (params ) {block a }");
    check("test \"t\" { a }", "test:word \"t\" {block a }");
}

#[test]
fn a_brace_after_an_arrow_is_a_block() {
    check("x => { a }", "x:param => {block a }");
    check("() => {}", "(params ) => {block }");
}

#[test]
fn a_brace_where_an_operand_belongs_is_an_object() {
    check("x = {a}", "x = {object a }");
    check("return {a: 1}", "return {object a : 1 }");
    check("f({a}, {})", "f ( {object a } , {object } )");
    check("if x == {} { a }", "if x == {object } {block a }");
    check("match {k: 1} { _ => 0 }", "match:word {object k : 1 } {arms _ =>arm 0 }");
}

#[test]
fn a_brace_at_the_start_of_a_statement_is_told_by_what_follows() {
    check("{}", "{object }");
    check("{...a}", "{object ... a }");
    check("{a: 1}", "{object a : 1 }");
    check("{\"a\": 1}", "{object \"a\" : 1 }");
    check("{a, b}", "{object a , b }");
    check("{a}", "{block a }");
    check("{a\nb}", "{block a ; b }");
    check("{a, b} = c", "{pattern a , b } = c");
    check("{a} ~> 0.5 = c", "{pattern a } ~> 0.5 = c");
}

#[test]
fn brackets_and_braces_of_patterns() {
    check("let {a: {b}, c = {}} = d", "let {pattern a : {pattern b } , c = {object } } = d");
    check("[a, {b}] = c", "[pattern a , {pattern b } ] = c");
    check("[a].b", "[ a ] . b");
    check("f = ({a}, [{b}]) => a", "f = (params {pattern a } , [ {pattern b } ] ) => a");
    check("for {a} in xs { }", "for:each {pattern a } in:word xs {block }");
    check(
        "try { } catch ({message}) { }",
        "try {block } catch (head {pattern message } ) {block }",
    );
}

#[test]
fn heads_in_parentheses_are_told_from_conditions() {
    check("if (a) { }", "if (head a ) {block }");
    check("if (a) && b { }", "if ( a ) && b {block }");
    check("while (a).b { }", "while ( a ) . b {block }");
    check("uncertain if (a) { high { } }", "uncertain if (head a ) {branches high {block } }");
}

#[test]
fn parameters_before_an_arrow() {
    check("(a, b) => c", "(params a , b ) => c");
    check("f(a => b, (c) => d)", "f ( a:param => b , (params c ) => d )");
    check("async x => y", "async:word x:param => y");
    check("(a)", "( a )");
}

#[test]
fn arms_and_their_arrows() {
    check(
        "match v { 1 => a\n[x] => y => z, n if n > 1 => { b } _ => c }",
        "match:word v {arms 1 =>arm a ; [ x ] =>arm y:param => z ; n if n > 1 =>arm {block b } ; _ =>arm c }",
    );
    check(
        "uncertain if a { high -> 1, low -> {} }",
        "uncertain if a {branches high -> 1 ; low -> {object } }",
    );
}

#[test]
fn switch_and_its_labels() {
    check(
        "switch (x) { case a ? b : c: d; break\ndefault: e }",
        "switch:word (head x ) {cases case:word a ? b : c : ; d ; break ; default:word : ; e }",
    );
}

#[test]
fn handlers_effects_and_agents() {
    check(
        "handle { a } with { x.y(e) => resume(e)\nreturn v => v }",
        "handle:word {block a } with:word {clauses x . y (params e ) =>arm resume ( e ) ; return v =>arm v }",
    );
    check(
        "effect x { a(b: c): d, e() }",
        "effect:word x {operations a (params b : c ) : d ; e (params ) }",
    );
    check(
        "irreversible effect x { a(b: c ~>= 0.9 verified) }",
        "irreversible:word effect:word x {operations a (params b : c ~>= 0.9 verified:word ) }",
    );
    check(
        "agents { A: Agent { k: 1 } B: Agent { } }",
        "agents:word {agents A : Agent:word {object k : 1 } ; B : Agent:word {object } }",
    );
}

#[test]
fn words_are_names_outside_of_their_form() {
    check("agents.map(match)", "agents . map ( match )");
    check("type = test + of", "type = test + of");
    check("o.if.default?.let", "o . if . default ?. let");
    check("{ if: 1, in: 2 }", "{object if : 1 , in : 2 }");
    check("f(default: 1)", "f ( default : 1 )");
    check("let match = 3\nmatch(x)", "let match = 3 ; match ( x )");
    check(
        "import {default as as, as} from \"m\"",
        "import {names default as:word as , as } from:word \"m\"",
    );
    check("handle(x)", "handle ( x )");
    check("async(x)", "async ( x )");
    check("pattern.x", "pattern . x");
    check("verified + sampled", "verified + sampled");
    check("x ~> k\nverified", "x ~> k ; verified");
    check("if (a) reported = 1", "if (head a ) {block reported = 1 }");
    check("irreversible(effect)", "irreversible ( effect )");
}

#[test]
fn functions_as_statements_and_as_values() {
    check("function f() { }", "function f (params ) {block }");
    check("let f = function () { }", "let f = function:value (params ) {block }");
    check("export default function () { }", "export default:word function (params ) {block }");
    check("fn f(a) { }", "fn f (params a ) {block }");
    check("x = {m(a) { }}", "x = {object m (params a ) {block } }");
}

#[test]
fn missing_separators_are_written() {
    check("a b", "a ; b");
    check("f(a b)", "f ( a , b )");
    check("{a: 1 b: 2}", "{object a : 1 , b : 2 }");
    check("x = 1 let y = 2", "x = 1 ; let y = 2");
    check("type T = {\na: b\nc: d; e: f }", "type:word T = {object a : b , c : d , e : f }");
}

#[test]
fn missing_brackets_are_written() {
    check("f(a\nb", "f ( a ) ; b");
    check(
        "function f() {\n  a\nfunction g() { }",
        "function f (params ) {block a } ; function g (params ) {block }",
    );
    check("if (a) {\n  b(c\n}\nd", "if (head a ) {block b ( c ) } ; d");
    check("f({ a: 1 )\nb", "f ( {object a : 1 } ) ; b");
    check("a)\nb}", "a ; b");
}

#[test]
fn words_of_javascript_are_left_out_or_replaced() {
    check("new Point()", "Point ( )");
    check("new Map()", "new Map()");
    check("outer: for x in xs { break outer }", "for:each x in:word xs {block break }");
    check("var a = 1", "var a = 1");
    check("class A { b() { } }\nc", "class A { b() { } } ; c");
}

#[test]
fn an_arrow_may_declare_its_result() {
    check("(a): T => b", "(params a ) : T => b");
    check("async (a): T[] => b", "async:word (params a ) : T [ ] => b");
    check("(): { k: T } => { b }", "(params ) : {object k : T } => {block b }");
    check("f((a): M<K, V> => b, c)", "f ( (params a ) : M < K , V > => b , c )");
    check("a ? (b) : c => d", "a ? ( b ) : c:param => d");
    check("{ k: (a): T => b }", "{object k : (params a ) : T => b }");
}

#[test]
fn a_line_of_arms_may_begin_with_a_negative_number() {
    check("match v { 1 => a\n-1 => b }", "match:word v {arms 1 =>arm a ; - 1 =>arm b }");
    check(
        "match v { 1 => a\n- b\n-1 | -2 => c }",
        "match:word v {arms 1 =>arm a - b ; - 1 | - 2 =>arm c }",
    );
}

#[test]
fn a_label_may_follow_a_block_on_its_line() {
    check(
        "switch (x) { case 1: { a } case 2: { b } default: { c } }",
        "switch:word (head x ) {cases case:word 1 : ; {block a } ; case:word 2 : ; {block b } ; default:word : ; {block c } }",
    );
}

#[test]
fn words_of_other_languages_end_before_what_follows() {
    check("public let a = 1", "public ; let a = 1");
    check("function* f() { }", "function f (params ) {block }");
    // The word that is missing is written, without a text.
    check("context c { a }", ":word context:word c {block a }");
    check("def = 1", "def = 1");
    check("val in o", "val in:word o");
}
