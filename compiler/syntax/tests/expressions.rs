//! Trees of expressions.

mod support;

use support::{errors, flat};

/// The text is one expression with this tree.
#[track_caller]
fn check(text: &str, expected: &str) {
    let tree = flat(text).replace("name ", "").replace("number ", "").replace("binary ", "");
    assert_eq!(tree, format!("expression({expected})"), "{text}");
    assert_eq!(errors(text), [], "{text}");
}

#[test]
fn operators_bind_by_their_level() {
    check("a + b * c", "Add(a, Multiply(b, c))");
    check("a * b + c", "Add(Multiply(a, b), c)");
    check("a - b - c", "Subtract(Subtract(a, b), c)");
    check("2 ** 3 ** 2", "Power(2, Power(3, 2))");
    check("-3 ** 2", "Power(unary Negate(3), 2)");
    check("a || b && c", "Or(a, And(b, c))");
    check("1 < 2 == true", "Equal(Less(1, 2), true)");
    check("a ?? b || c", "Or(Coalesce(a, b), c)");
    check("a ~?? b ?? c", "Coalesce(ConfidentCoalesce(a, b), c)");
    check("a ~||> b ~@> c", "Escalate(MoreConfident(a, b), c)");
    check("!a && <~ b >= 0.5", "And(unary Not(a), GreaterEqual(unary Confidence(b), 0.5))");
    check("typeof x == y", "Equal(unary Typeof(x), y)");
    check("a ~+ b ~* c", "ConfidentAdd(a, ConfidentMultiply(b, c))");
    check("x instanceof y in z", "In(Instanceof(x, y), z)");
}

#[test]
fn annotation_is_loose_on_its_left() {
    check("1 + 2 * 3 ~> 0.5", "Annotate(Add(1, Multiply(2, 3)), 0.5)");
    check("a ~~ b ~> 0.5", "Annotate(Chain(a, b), 0.5)");
    check("x ~> r.c", "Annotate(x, member Plain c(r))");
    check("x ~> f(y)", "Annotate(x, call(f, y))");
    check("x ~> -1", "Annotate(x, unary Negate(1))");
}

#[test]
fn pipes_are_the_loosest() {
    check("a |> f |> g(_)", "Pipe(Pipe(a, f), call(g, placeholder))");
    check("a |> f(_) ~> 0.5", "Pipe(a, Annotate(call(f, placeholder), 0.5))");
    check("c ? a : b |> f", "ternary(c, a, Pipe(b, f))");
    check("a |> b ? c : d", "Pipe(a, ternary(b, c, d))");
    check("a |> x => x", "Pipe(a, function(arrow, param(pat x), =>(x)))");
    check("v ~?> [0.5, d] ~|> f", "ConfidentPipe(Threshold(v, array(0.5, d)), f)");
}

#[test]
fn ternaries_group_to_the_right() {
    check("a ? b : c ? d : e", "ternary(a, b, ternary(c, d, e))");
    check("a ~? b : c", "confident ternary(a, b, c)");
    check("d ~> 0.9 ? d : e", "ternary(Annotate(d, 0.9), d, e)");
}

#[test]
fn postfix_forms() {
    check("a.b?.c~.d", "member Confident d(member Optional c(member Plain b(a)))");
    check("a?.[0]?.(1)", "optional call(optional index(a, 0), 1)");
    check("f(x, name: y, ...z)", "call(f, x, arg name(y), spread(z))");
    check("f(a)(b)[c]", "index(call(call(f, a), b), c)");
}

#[test]
fn literals_and_templates() {
    check("undefined", "null");
    check("\"a${b}c\"", "template \"(text \"a\", b, text \"c\")");
    check("'a${b}'", "string 'a${b}'");
    check("`${ {k: 7}.k }`", "template `(member Plain k(object(key k(7))))");
    check("```a${1}```", "template ```(text \"a\", 1)");
    check("[1, ...a,]", "array(1, spread(a))");
    check(
        "({a, b: 1, \"c\": 2, [d]: 3, ...e, if: 4})",
        "paren(object(field a, key b(1), key \"c\"(2), computed key(d, 3), spread(e), key if(4)))",
    );
}

#[test]
fn functions() {
    check("x => x", "function(arrow, param(pat x), =>(x))");
    check(
        "async (a, {b}) => {}",
        "function(arrow async, param(pat a), param(pat object(key b(pat b))), block)",
    );
    check("() => () => 1", "function(arrow, =>(function(arrow, =>(1))))");
    check(
        "f(function g(x = 1, ...r) { })",
        "call(f, function(g, param(pat x, default(1)), rest param(pat r), block))",
    );
}

#[test]
fn match_and_uncertain() {
    check(
        "match v { [x, ...t] if x > 1 => a, {k: 1 | 2} => b; -1 ~> 0.5 => { c } }",
        "match(v, arm(pat array(element(pat x), rest(pat t)), guard(Greater(x, 1)), =>(a)), \
         arm(pat object(key k(pat or(pat 1, pat 2))), =>(b)), \
         arm(pat -1(threshold(0.5)), block(expression(c))))",
    );
    let text = "x = uncertain if (c, {high: 0.9}) { high -> 1, default -> 2 }";
    let expected = "assign(name x, uncertain if(name c, bands(object(key high(number 0.9))), \
                    high(=>(number 1)), default(=>(number 2))))";
    assert_eq!(flat(text), expected);
}
