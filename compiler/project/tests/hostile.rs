//! Texts made to break the front end: deep, long, and changed at random.

mod common;

use common::problems;
use prism_project::{RootDb, check};

/// As deep as the parser lets a tree become, and deeper.
const DEPTHS: &[usize] = &[100, 255, 990, 5_000];

fn survives(make: impl Fn(usize) -> String) {
    for depth in DEPTHS {
        problems(&make(*depth));
    }
}

#[test]
fn deep_expressions_do_not_overflow_the_stack() {
    survives(|n| format!("let x = {}1{}", "(".repeat(n), ")".repeat(n)));
    survives(|n| format!("let x = {}1{}", "[".repeat(n), "]".repeat(n)));
    survives(|n| format!("let x = {}1{}", "{a: ".repeat(n), "}".repeat(n)));
    survives(|n| format!("let x = {}1{}", "f(".repeat(n), ")".repeat(n)));
    survives(|n| format!("let x = {}1", "- ".repeat(n)));
    survives(|n| format!("let x = {}1", "1 + ".repeat(n)));
    survives(|n| format!("let x = {}1", "1 ** ".repeat(n)));
    survives(|n| format!("let x = {}1", "x => ".repeat(n)));
    survives(|n| format!("let x = y{}", ".k".repeat(n)));
    survives(|n| format!("let x = y{}", "(1)".repeat(n)));
    survives(|n| format!("let x = {}1", "true ? 1 : ".repeat(n)));
    survives(|n| format!("let x = 1{}", " |> _ + 1".repeat(n)));
    survives(|n| format!("let x = 1{}", " ~> 0.5".repeat(n)));
    survives(|n| format!("let x = a{}", " ?? b.c".repeat(n)));
    survives(|n| format!("let x = {}1{}", "match 1 { _ => ".repeat(n), " }".repeat(n)));
    survives(|n| format!("let x = \"{}1{}\"", "${\"".repeat(n), "\"}".repeat(n)));
}

#[test]
fn deep_statements_do_not_overflow_the_stack() {
    survives(|n| format!("{}x = 1{}", "if (true) { ".repeat(n), " }".repeat(n)));
    survives(|n| format!("{}x = 1{}", "if (true) { } else ".repeat(n), ""));
    survives(|n| format!("{}x = 1{}", "while (true) { ".repeat(n), " }".repeat(n)));
    survives(|n| format!("{}x = 1{}", "{ ".repeat(n), " }".repeat(n)));
    survives(|n| format!("{}x = 1{}", "try { ".repeat(n), " } catch { }".repeat(n)));
    survives(|n| format!("{}x = 1{}", "function f() { ".repeat(n), " }".repeat(n)));
    survives(|n| format!("let {}x{} = y", "[".repeat(n), "]".repeat(n)));
    survives(|n| format!("let x: {}number{} = y", "(".repeat(n), ")".repeat(n)));
    survives(|n| format!("type T = {}number", "string | ".repeat(n)));
    survives(|n| format!("o{} = 1", ".k".repeat(n)));
    survives(|n| format!("o{} += 1", "[f()]".repeat(n)));
}

/// Pieces that programs are made of, good and bad.
const PIECES: &[&str] = &[
    "let a = 1\n",
    "const b = a + 1\n",
    "c = b\n",
    "a += 2\n",
    "xs.push(a)\n",
    "let xs = []\n",
    "function f(x, y = 1) { return x + y }\n",
    "function g() { return f(a) }\n",
    "f(1)\n",
    "if (a) { d = 1 } else { let e = 2 }\n",
    "for x, i in xs { print(x, i) }\n",
    "break\n",
    "while (a < 3) { a++ }\n",
    "try { nope() } catch (e) { print(e) }\n",
    "return 1\n",
    "let h = (p, ...q) => { p + a }\n",
    "match a { [z, ...r] => z, _ => null }\n",
    "}\n",
    "{\n",
    "(",
    "a |> f(_) |> f\n",
    "uncertain if (a ~> 0.5) { high { 1 } default { 2 } }\n",
    "let { k, l: [m] } = o\n",
    "import { parallel } from \"@prism/execution\"\n",
    "import { x } from \"./lib\"\n",
    "// note\n",
    "export let out = a\n",
    "export { a as z }\n",
    "agents { S: Agent { role: \"r\" } }\n",
    "\n\n",
    "type T = U | \"x\"\n",
    "effect audit { record(e: any): null }\n",
    "audit.record(1)\n",
    "llm(\"x\")\n",
    "test \"t\" { f(1) }\n",
    "/** @name X\n @input { */\n",
    "o.k[f(1)].z += 1\n",
    "let o = { k: 1 }\n",
    "\"${a} ${",
    "```",
    "é = ü\n",
    "\u{feff}",
    "handle { llm(1) } with { llm(p) => resume(p) }\n",
];

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }

    fn text(&mut self, len: usize) -> String {
        (0..len).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }

    /// Removes some characters and puts others there.
    fn edit(&mut self, text: &str) -> String {
        let mut cut = || text.floor_char_boundary(self.below(text.len() + 1));
        let (a, b) = (cut(), cut());
        let (start, end) = (a.min(b), a.max(b).min(a.min(b) + 20));
        let end = text.ceil_char_boundary(end);
        let insert = if self.below(2) == 0 { "" } else { PIECES[self.below(PIECES.len())] };
        format!("{}{insert}{}", &text[..start], &text[end..])
    }
}

#[test]
fn edited_programs_are_judged_like_new_ones() {
    for seed in 0..25 {
        let mut random = Random(seed);
        let mut db = RootDb::new();
        let mut text = random.text(12);
        db.set_file("main.prism", &*text);
        db.set_file("lib.prism", "export const x = 1\n");
        for step in 0..8 {
            let found = check(&db);
            let mut fresh = RootDb::new();
            fresh.set_file("main.prism", &*text);
            fresh.set_file("lib.prism", "export const x = 1\n");
            assert_eq!(found, check(&fresh), "seed {seed} step {step}: {text}");
            text = random.edit(&text);
            db.set_file("main.prism", &*text);
        }
    }
}
