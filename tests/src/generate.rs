//! Generates functions that certainly run: every expression is made for the type it must have.
//!
//! A function uses operators, calls, containers, closures, loops, gates, bands, `match`, `try`,
//! handlers, functions of the standard library, and answers of agents and models; it gives its
//! variables back, so that one call shows many values at once.

use std::fmt::Write;

use crate::random::Random;

/// What an expression is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ty {
    Number,
    Text,
    Boolean,
    /// Of numbers, with at least one element.
    Array,
    /// `{ a: number, b: string }`.
    Object,
}

const TYPES: [Ty; 5] = [Ty::Number, Ty::Text, Ty::Boolean, Ty::Array, Ty::Object];

/// A call of which nothing is declared.
const ANY_AGENT: &str = "agent.call({ agent: \"a\", task: \"n\" })";

/// Answers that a call of a function may ask for, of each kind.
pub const MAX_ASKED: usize = 6;

struct Writer {
    random: Random,
    body: String,
    indent: usize,
    /// Variables in scope.
    scope: Vec<(String, Ty)>,
    n_names: u32,
    n_asked: usize,
    /// Inside a loop or a function that runs more than once nothing is asked.
    is_repeated: bool,
    /// Nested functions do not return for the outer one.
    can_return: bool,
}

/// `function name() { … }` with this seed.
pub fn function(name: &str, seed: u64) -> String {
    let mut writer = Writer {
        random: Random::new(seed),
        body: String::new(),
        indent: 1,
        scope: Vec::new(),
        n_names: 0,
        n_asked: 0,
        is_repeated: false,
        can_return: true,
    };
    for _ in 0..3 + writer.random.below(4) {
        writer.statement(3);
    }
    let mut results: Vec<String> = writer.scope.iter().map(|(name, _)| name.clone()).collect();
    for ty in TYPES {
        results.push(writer.expr(ty, 3));
    }
    format!("function {name}() {{\n{}  return [{}]\n}}\n", writer.body, results.join(", "))
}

impl Writer {
    fn name(&mut self) -> String {
        self.n_names += 1;
        format!("v{}", self.n_names)
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.body, "{}{text}", "  ".repeat(self.indent));
    }

    fn some_type(&mut self) -> Ty {
        self.random.pick(&TYPES)
    }

    fn level(&mut self) -> String {
        self.random.pick(&["0", "0.2", "0.4", "0.5", "0.6", "0.7", "0.75", "0.9", "1"]).to_owned()
    }

    fn variable(&mut self, ty: Ty) -> Option<String> {
        let fits: Vec<String> =
            self.scope.iter().filter(|(_, other)| *other == ty).map(|(n, _)| n.clone()).collect();
        if fits.is_empty() { None } else { Some(fits[self.random.below(fits.len())].clone()) }
    }

    fn expr(&mut self, ty: Ty, depth: u32) -> String {
        if depth == 0 || self.random.one_in(6) {
            return self.leaf(ty);
        }
        if self.random.one_in(2) {
            return self.common(ty, depth - 1);
        }
        match ty {
            Ty::Number => self.number(depth - 1),
            Ty::Text => self.text(depth - 1),
            Ty::Boolean => self.boolean(depth - 1),
            Ty::Array => self.array(depth - 1),
            Ty::Object => self.object(depth - 1),
        }
    }

    fn leaf(&mut self, ty: Ty) -> String {
        if self.random.one_in(2)
            && let Some(variable) = self.variable(ty)
        {
            return variable;
        }
        if !self.is_repeated && self.n_asked < MAX_ASKED && self.random.one_in(3) {
            if ty == Ty::Text {
                self.n_asked += 1;
                return "llm(\"q\")".to_owned();
            }
            if ty == Ty::Number {
                self.n_asked += 1;
                // An answer that breaks the contract ends the program, so it is asked less often.
                let by_contract = self.random.one_in(4);
                let call = if by_contract { "Sure.call(\"n\")" } else { ANY_AGENT };
                return call.to_owned();
            }
        }
        match ty {
            Ty::Number => self.random.pick(&["0", "1", "2", "3.5", "-4", "10"]).to_owned(),
            Ty::Text => self.random.pick(&["\"\"", "\"a\"", "\"xyz\""]).to_owned(),
            Ty::Boolean => self.random.pick(&["true", "false"]).to_owned(),
            Ty::Array => self.random.pick(&["[1]", "[2, 3]", "[1, 5, 2]"]).to_owned(),
            Ty::Object => self.random.pick(&["{ a: 1, b: \"x\" }", "{ a: 7, b: \"\" }"]).to_owned(),
        }
    }

    /// Forms that every type has.
    fn common(&mut self, ty: Ty, depth: u32) -> String {
        let a = self.expr(ty, depth);
        let k = self.level();
        match self.random.below(19) {
            0 | 1 => format!("({a} ~> {k})"),
            2 => format!("({a} ~> <~ {})", self.expr(Ty::Number, depth)),
            3 => format!("({a} ~> {})", self.expr(Ty::Number, depth)),
            4 => format!("value({a})"),
            5 => format!("({a} ~?? {})", self.expr(ty, depth)),
            6 => format!("({a} ~||> {})", self.expr(ty, depth)),
            7 => format!("({} ~~ {a})", self.any(depth)),
            8 => format!("({a} ~?> [{k}, {}])", self.expr(ty, depth)),
            // A number alone on the right would be a bound.
            9 => format!("({a} ~@> ({}))", self.expr(ty, depth)),
            10 => format!("({} ? {a} : {})", self.condition(depth), self.expr(ty, depth)),
            11 => format!("({} ~? {a} : {})", self.expr(Ty::Boolean, depth), self.expr(ty, depth)),
            12 => self.matching(ty, &a, depth),
            13 => self.banded(ty, &a, depth),
            14 => format!("(() => ({a}))()"),
            15 => self.applied(ty, &a, depth),
            16 => format!("({{ k: {a}, n: 1 }}{}k)", self.random.pick(&[".", "~."])),
            17 => format!("[{a}, {}][{}]", self.expr(ty, depth), self.random.below(2)),
            _ => format!("({a} |> _)"),
        }
    }

    fn any(&mut self, depth: u32) -> String {
        let ty = self.some_type();
        self.expr(ty, depth)
    }

    fn matching(&mut self, ty: Ty, a: &str, depth: u32) -> String {
        let subject = self.expr(Ty::Number, depth);
        let (b, c) = (self.expr(ty, depth), self.expr(ty, depth));
        let guard = if self.random.one_in(2) { " ~> 0.5" } else { "" };
        format!("(match {subject} {{ 1{guard} => ({a}), 2 => ({b}), _ => ({c}) }})")
    }

    fn banded(&mut self, ty: Ty, a: &str, depth: u32) -> String {
        let condition = self.any(depth);
        let k = self.level();
        let (b, c) = (self.expr(ty, depth), self.expr(ty, depth));
        format!(
            "(uncertain if ({condition} ~> {k}) {{ high -> {a}, medium -> {b}, default -> {c} }})"
        )
    }

    /// A closure with a parameter, perhaps a confident one.
    fn applied(&mut self, ty: Ty, a: &str, depth: u32) -> String {
        let given = self.some_type();
        let argument = self.expr(given, depth);
        let name = self.name();
        self.scope.push((name.clone(), given));
        let was_repeated = std::mem::replace(&mut self.is_repeated, true);
        let inner = self.expr(ty, depth);
        self.is_repeated = was_repeated;
        self.scope.pop();
        let k = self.level();
        match self.random.below(3) {
            0 => format!("({name} => ({inner}))({argument})"),
            1 => format!("(({name} => ({inner})) ~> {k})({argument})"),
            _ => format!("(({name} => ({inner}))({argument}) ~|| {a} ? {a} : {a})"),
        }
    }

    fn number(&mut self, depth: u32) -> String {
        let a = self.expr(Ty::Number, depth);
        match self.random.below(12) {
            0 => format!("({a} + {})", self.expr(Ty::Number, depth)),
            1 => format!("({a} - {})", self.expr(Ty::Number, depth)),
            2 => format!("({a} ~+ {})", self.expr(Ty::Number, depth)),
            3 => format!("(-({a}))"),
            4 => format!("{}.length", self.paren(Ty::Array, depth)),
            5 => format!("{}[0]", self.paren(Ty::Array, depth)),
            6 => format!("{}.a", self.paren(Ty::Object, depth)),
            7 => format!("(<~ {})", self.any(depth)),
            8 => format!("Math.max({a}, {})", self.expr(Ty::Number, depth)),
            9 => format!("min({a}, {})", self.expr(Ty::Number, depth)),
            10 => format!("{}.reduce((s, x) => s + x, {a})", self.paren(Ty::Array, depth)),
            _ => format!("({a} * 2)"),
        }
    }

    fn paren(&mut self, ty: Ty, depth: u32) -> String {
        format!("({})", self.expr(ty, depth))
    }

    fn text(&mut self, depth: u32) -> String {
        let a = self.expr(Ty::Text, depth);
        match self.random.below(6) {
            0 => format!("({a} + {})", self.expr(Ty::Text, depth)),
            1 => format!("`${{{a}}}!`"),
            2 => format!("({a}).toUpperCase()"),
            3 => format!("{}.b", self.paren(Ty::Object, depth)),
            4 => format!("String({})", self.any(depth)),
            _ => format!("typeof {}", self.any(depth)),
        }
    }

    fn boolean(&mut self, depth: u32) -> String {
        let (a, b) = (self.expr(Ty::Number, depth), self.expr(Ty::Number, depth));
        let c = self.expr(Ty::Boolean, depth);
        match self.random.below(9) {
            0 => format!("({a} < {b})"),
            1 => format!("({a} ~>= {b})"),
            2 => format!("({a} == {b})"),
            3 => format!("(!{c})"),
            4 => format!("({c} && {})", self.expr(Ty::Boolean, depth)),
            5 => format!("({c} || {})", self.expr(Ty::Boolean, depth)),
            6 => format!("({c} ~&& {})", self.expr(Ty::Boolean, depth)),
            7 => format!("{}.some(x => x > {a})", self.paren(Ty::Array, depth)),
            _ => format!("({c} ~|| {})", self.expr(Ty::Boolean, depth)),
        }
    }

    fn array(&mut self, depth: u32) -> String {
        let a = self.expr(Ty::Number, depth);
        let xs = self.paren(Ty::Array, depth);
        match self.random.below(9) {
            0 => format!("[{a}, {}]", self.expr(Ty::Number, depth)),
            1 => format!("[...{xs}, {a}]"),
            2 => format!("{xs}.map(x => x + {a})"),
            3 => format!("{xs}.map((x, i) => i)"),
            4 => format!("{xs}.concat([{a}])"),
            5 => format!("{xs}.push({a})"),
            6 => format!("{xs}.reverse()"),
            7 => format!("{xs}.with(0, {a})"),
            _ => format!("map({xs}, x => x)"),
        }
    }

    fn object(&mut self, depth: u32) -> String {
        let (a, b) = (self.expr(Ty::Number, depth), self.expr(Ty::Text, depth));
        match self.random.below(3) {
            0 => format!("{{ a: {a}, b: {b} }}"),
            1 => format!("{{ ...{}, a: {a} }}", self.paren(Ty::Object, depth)),
            _ => format!("{{ ...{}, b: {b} }}", self.paren(Ty::Object, depth)),
        }
    }

    /// What stands in `if ( )` and `? :`, often a gate.
    fn condition(&mut self, depth: u32) -> String {
        let k = self.level();
        let ty = self.some_type();
        let subject = self.variable(ty).unwrap_or_else(|| self.expr(ty, depth));
        match self.random.below(5) {
            0 => format!("{subject} ~> {k}"),
            1 => format!("<~ {subject} >= {k}"),
            2 => format!("<~ {subject} < {k}"),
            3 => self.expr(Ty::Boolean, depth),
            _ => format!("<~ {subject} >= {k} && {}", self.expr(Ty::Boolean, depth)),
        }
    }

    fn statement(&mut self, depth: u32) {
        let ty = self.some_type();
        match self.random.below(if depth == 0 { 4 } else { 15 }) {
            0..=2 => {
                let value = self.expr(ty, 3);
                let name = self.name();
                self.line(&format!("let {name} = {value}"));
                self.scope.push((name, ty));
            }
            3 | 4 => self.assignment(ty),
            5 | 6 => {
                let condition = self.condition(2);
                self.line(&format!("if ({condition}) {{"));
                self.block(depth);
                if self.random.one_in(2) {
                    self.line("} else {");
                    self.block(depth);
                }
                self.line("}");
            }
            7 => {
                let name = self.name();
                self.line(&format!("for let {name} = 0; {name} < 3; {name} += 1 {{"));
                self.repeated(depth);
                self.line("}");
            }
            8 => {
                let xs = self.expr(Ty::Array, 2);
                let name = self.name();
                self.line(&format!("for {name} in {xs} {{"));
                self.scope.push((name, Ty::Number));
                let n_scope = self.scope.len();
                self.repeated(depth);
                self.scope.truncate(n_scope - 1);
                self.line("}");
            }
            9 => {
                self.line("try {");
                self.block(depth);
                if self.random.one_in(2) {
                    let condition = self.condition(1);
                    self.line(&format!("  if ({condition}) {{ throw \"no\" }}"));
                    self.block(depth);
                }
                self.line("} catch (e) {");
                self.block(depth);
                self.line("}");
            }
            10 => {
                let (subject, k) = (self.any(2), self.level());
                self.line(&format!("uncertain if (({subject}) ~> {k}) {{\n  high {{"));
                self.block(depth);
                self.line("}\n  default {");
                self.block(depth);
                self.line("}\n}");
            }
            11 => self.taken_apart(),
            12 => self.nested_function(ty, depth),
            13 => self.handled(ty, depth),
            _ if self.can_return && self.random.one_in(2) => {
                let condition = self.condition(2);
                let value = self.any(2);
                self.line(&format!("if ({condition}) {{ return [{value}] }}"));
            }
            _ => self.assignment(ty),
        }
    }

    fn block(&mut self, depth: u32) {
        let n_scope = self.scope.len();
        self.indent += 1;
        for _ in 0..1 + self.random.below(2) {
            self.statement(depth - 1);
        }
        self.indent -= 1;
        self.scope.truncate(n_scope);
    }

    fn repeated(&mut self, depth: u32) {
        let was_repeated = std::mem::replace(&mut self.is_repeated, true);
        self.block(depth);
        if self.random.one_in(3) {
            let condition = self.condition(1);
            let word = self.random.pick(&["break", "continue"]);
            self.line(&format!("  if ({condition}) {{ {word} }}"));
            self.block(depth);
        }
        self.is_repeated = was_repeated;
    }

    fn assignment(&mut self, ty: Ty) {
        let Some(name) = self.variable(ty) else { return };
        let value = self.expr(ty, 2);
        let text = match (ty, self.random.below(3)) {
            (Ty::Number, 0) => format!("{name} += {value}"),
            (Ty::Array, 0) => format!("{name}[0] = {}", self.expr(Ty::Number, 2)),
            (Ty::Array, 1) => format!("{name}.push({})", self.expr(Ty::Number, 2)),
            (Ty::Object, 0) => format!("{name}.a = {}", self.expr(Ty::Number, 2)),
            (Ty::Object, 1) => format!("{name}.b = {}", self.expr(Ty::Text, 2)),
            _ => format!("{name} = {value}"),
        };
        self.line(&text);
    }

    fn taken_apart(&mut self) {
        let (first, second) = (self.name(), self.name());
        if self.random.one_in(2) {
            let value = self.expr(Ty::Object, 2);
            self.line(&format!("let {{ a: {first}, b: {second} }} = {value}"));
            self.scope.push((first, Ty::Number));
            self.scope.push((second, Ty::Text));
        } else {
            let value = self.expr(Ty::Array, 2);
            self.line(&format!("let [{first}, ...{second}] = {value}"));
            self.scope.push((first, Ty::Number));
            self.line(&format!("{second} = [...{second}, 1]"));
            self.scope.push((second, Ty::Array));
        }
    }

    /// A function of the body, perhaps with types, that is called once or more.
    fn nested_function(&mut self, ty: Ty, depth: u32) {
        let (name, param, given) = (self.name(), self.name(), self.some_type());
        let confidence =
            if self.random.one_in(4) { format!(" ~> {}", self.level()) } else { String::new() };
        self.line(&format!("function {name}({param}){confidence} {{"));
        let n_scope = self.scope.len();
        self.scope.push((param, given));
        let was_repeated = std::mem::replace(&mut self.is_repeated, true);
        let could_return = std::mem::replace(&mut self.can_return, false);
        self.block(depth);
        self.scope.truncate(n_scope + 1);
        if self.random.one_in(2) {
            let (condition, early) = (self.condition(1), self.expr(ty, 2));
            self.line(&format!("  if ({condition}) {{ return {early} }}"));
        }
        let value = self.expr(ty, 2);
        self.line(&format!("  return {value}\n}}"));
        self.can_return = could_return;
        self.is_repeated = was_repeated;
        self.scope.truncate(n_scope);
        let argument = self.expr(given, 2);
        let result = self.name();
        self.line(&format!("let {result} = {name}({argument})"));
        self.scope.push((result, ty));
    }

    /// An effect of the program, answered in the program.
    fn handled(&mut self, ty: Ty, depth: u32) {
        let (result, inner) = (self.name(), self.name());
        let answer = self.expr(ty, 2);
        let asked = self.expr(Ty::Number, 1);
        self.line(&format!("let {result} = handle {{"));
        let n_scope = self.scope.len();
        self.line(&format!("  let {inner} = probe.ask({asked})"));
        self.scope.push((inner, ty));
        let could_return = std::mem::replace(&mut self.can_return, false);
        self.block(depth);
        self.can_return = could_return;
        let value = self.expr(ty, 1);
        self.scope.truncate(n_scope);
        self.line(&format!("  {value}\n}} with {{\n  probe.ask(x) => resume({answer})\n}}"));
        self.scope.push((result, ty));
    }
}
