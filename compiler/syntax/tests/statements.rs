//! Trees of statements.

mod support;

use support::{errors, flat};

#[track_caller]
fn check(text: &str, expected: &str) {
    let tree = flat(text).replace("name ", "").replace("number ", "").replace("expression", "expr");
    assert_eq!(tree, expected, "{text}");
    assert_eq!(errors(text), [], "{text}");
}

#[test]
fn declarations() {
    check("let a = 1, b", "let(pat a(=(1)), pat b)");
    check(
        "const {a, b: [c]} = d",
        "const(pat object(key a(pat a), key b(pat array(element(pat c))), =(d)))",
    );
    check("let x: number[] = []", "let(pat x(type array(type number), =(array)))");
}

#[test]
fn assignments() {
    check("x = 1", "assign(x, 1)");
    check("o.k[0] += v", "assign Add(index(member Plain k(o), 0), v)");
    check("v ~+= 5 ~> 0.4", "assign ConfidentAdd(v, binary Annotate(5, 0.4))");
    check(
        "[a, , ...b] ~> 0.7 = c",
        "assign pattern(pat array(element(pat a), element(pat hole), rest(pat b), threshold(0.7)), c)",
    );
    check(
        "{a ~> 0.5, b = 1} = c",
        "assign pattern(pat object(key a(pat a(threshold(0.5))), key b(pat b, default(1))), c)",
    );
    check(
        "[o.a, xs[0]] = c",
        "assign pattern(pat array(element(pat place(member Plain a(o))), element(pat place(index(xs, 0)))), c)",
    );
    check("i++; --o.n", "increment(i), decrement(member Plain n(o))");
}

#[test]
fn branches_and_loops() {
    check(
        "if (a) b; else if c { d } else { }",
        "if(a, body(expr(b)), else(body(if(c, block(expr(d)), else(block)))))",
    );
    check("while (a ~> 0.5) b()", "while(binary Annotate(a, 0.5), body(expr(call(b))))");
    check("while ((a ~> 0.5)) { }", "while(paren(binary Annotate(a, 0.5)), block)");
    check("do { a } while (b)", "do while(block(expr(a)), b)");
    check(
        "for let i = 0; i < 2; i++ { }",
        "for(init(let(pat i(=(0)))), condition(binary Less(i, 2)), update(increment(i)), block)",
    );
    check("for (;;) { break }", "for(init, condition, update, block(break))");
    check("for x, i in xs { continue }", "for in(pat x, index i, xs, block(continue))");
    check(
        "for (const [k, v] of xs) f(k)",
        "for of(const, pat array(element(pat k), element(pat v)), xs, body(expr(call(f, k))))",
    );
    check("switch (a) { case 1: b; default: }", "switch(a, case(1, body(expr(b))), default(body))");
}

#[test]
fn uncertain_statements() {
    check(
        "uncertain if (a) { high { b } default -> c }",
        "uncertain if statement(a, high(block(expr(b))), default(=>(c)))",
    );
    check("uncertain while a { low { } }", "uncertain while(a, low(block))");
    check(
        "uncertain for i = 0; a; i++ { high { } }",
        "uncertain for(init(assign(i, 0)), condition(a), update(increment(i)), a, high(block))",
    );
}

#[test]
fn leaving() {
    check("return\nreturn a\nthrow b", "return, return(a), throw(b)");
    check(
        "try { a } catch ({message}) { } finally { }",
        "try(block(expr(a)), catch(pat object(key message(pat message)), block), finally(block))",
    );
}

#[test]
fn functions() {
    check(
        "function f<T>(a: T, b = 1, ...c): T uses x, y ~> 0.5 { }",
        "declare function(f, type params T, param(pat a, type T), param(pat b, default(1)), \
         rest param(pat c), result(type T), uses x, y, confidence(0.5), block)",
    );
    check("async function f() { }", "declare function(async f, block)");
    check(
        "fn f(a?: number) uses none { }",
        "declare function(f, param(pat a, type union(type number, type null), default(null)), uses , block)",
    );
}

#[test]
fn types() {
    check(
        "type A = { a: b, c?: d[], [k: string]: e }",
        "type A (type object(key a(type b), key c(optional, type array(type d)), key k(optional, type e)))",
    );
    check("type A = | \"x\" | 1 | null", "type A (type union(type \"x\", type 1, type null))");
    check(
        "type A = (a: b, ...c) => d ~>= 0.9",
        "type A (type function(param a(type b), param ...(type c), result(type ~>= 0.9(type d))))",
    );
    check("type A<T> = Map<K, [T, U]>", "type A T(type Map(type K, type tuple(type T, type U)))");
}

#[test]
fn the_words_of_prism() {
    check("in context a { b } -> c", "in context a -> c(block(expr(b)))");
    check("agents { A: Agent { k: 1 } }", "agents(A(key k(1)))");
    check("agent A { k: 1 }", "agent(A(key k(1)))");
    check("pattern A { b }", "pattern A(block(expr(b)))");
    check(
        "effect a { b(c: d): e\n f() }",
        "effect a(operation b(param(pat c, type d), result(type e)), operation f)",
    );
    check(
        "handle { a } with { b.c(d) => e; return f => { } }",
        "expr(handle(block(expr(a)), clause b.c(param(pat d), =>(e)), clause return(pat f, block)))",
    );
    check("test \"t\" { a }", "test \"t\"(block(expr(a)))");
}

#[test]
fn modules() {
    check(
        "import a, {b as c, default as d} from \"m\"",
        "import(default a, b as c, default as d, from \"m\")",
    );
    check(
        "import * as a from \"m\"; import \"n\"",
        "import(* as a, from \"m\"), import(from \"n\")",
    );
    check(
        "export let a = 1\nexport function f() { }",
        "export(let(pat a(=(1)))), export(declare function(f, block))",
    );
    check("export default x => 1", "export default(expr(function(arrow, param(pat x), =>(1))))");
    check(
        "export { a as default } from \"m\"; export * as n from \"m\"",
        "export names from \"m\"(a as default), export all as n from \"m\"",
    );
}

#[test]
fn the_gate_is_an_annotation_that_is_the_whole_condition() {
    let gates = |text: &str| {
        let parse = prism_syntax::parse(text);
        let conditions = parse.ast.exprs.iter().filter_map(|(_, expr)| match expr.kind {
            prism_syntax::ast::ExprKind::Ternary { condition, .. } => Some(condition),
            _ => None,
        });
        conditions.filter(|condition| parse.ast.gate(*condition).is_some()).count()
    };
    assert_eq!(gates("d ~> 0.9 ? d : e"), 1);
    assert_eq!(gates("(d ~> 0.9) ? d : e"), 0);
    assert_eq!(gates("(d ~> 0.9) > 1 ? d : e"), 0);
}
