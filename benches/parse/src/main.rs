//! Lines per second of Prism's parser beside others, on equal-shape programs of each language.
//!
//! ```sh
//! cargo run --release --manifest-path benches/parse/Cargo.toml
//! ```
//!
//! Every program has the same functions, loops, calls and literals, line by line, written as the
//! language writes them. Each parser builds its whole tree; the best of ten runs counts. Build
//! and allocator are those of `prismc`. `parse-bench prism` measures ours alone.

use std::time::Instant;

#[global_allocator]
static ALLOCATOR: prism_allocator::Allocator = prism_allocator::Allocator;

/// Units of 20 lines: as a hundred files, and as one.
const SHAPES: [(usize, usize); 2] = [(100, 20), (1, 2_000)];
const ROUNDS: usize = 10;

fn main() {
    let is_alone = std::env::args().nth(1).as_deref() == Some("prism");
    for (n_files, n_units) in SHAPES {
        println!("{n_files} files of {} lines", 20 * n_units);
        let files = |unit: &str| -> Vec<String> { vec![program(unit, n_units); n_files] };
        let ours = measure("prism-syntax (tree, errors, comments)", &files(PRISM), |text| {
            let parse = prism_syntax::parse(text);
            assert!(parse.errors.is_empty(), "the program is right");
        });
        if is_alone {
            continue;
        }
        let others = [
            measure("oxc_parser, JavaScript", &files(JAVASCRIPT), oxc),
            measure("tree-sitter, JavaScript", &files(JAVASCRIPT), tree_sitter),
            measure("rustpython-parser, Python", &files(PYTHON), rustpython),
        ];
        for (name, lines) in others {
            println!("prism / {name}: {:.2}", ours.1 / lines);
        }
    }
}

fn oxc(text: &str) {
    let allocator = oxc_allocator::Allocator::default();
    let parsed = oxc_parser::Parser::new(&allocator, text, oxc_span::SourceType::mjs()).parse();
    assert!(parsed.errors.is_empty(), "the program is right");
}

fn tree_sitter(text: &str) {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_javascript::LANGUAGE.into()).expect("versions agree");
    assert!(!parser.parse(text, None).expect("a tree").root_node().has_error());
}

fn rustpython(text: &str) {
    use rustpython_parser::Parse;
    rustpython_parser::ast::Suite::parse(text, "bench").expect("the program is right");
}

fn program(unit: &str, n_units: usize) -> String {
    (0..n_units).map(|n| unit.replace("NN", &n.to_string())).collect()
}

fn measure(name: &'static str, files: &[String], parse: impl Fn(&str)) -> (&'static str, f64) {
    let n_lines: usize = files.iter().map(|text| text.lines().count()).sum();
    let n_bytes: usize = files.iter().map(String::len).sum();
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            files.iter().for_each(|text| parse(text));
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    let rate = n_lines as f64 / best;
    println!("  {name}: {rate:.0} lines/s, {:.0} MB/s", n_bytes as f64 / best / 1e6);
    (name, rate)
}

const PRISM: &str = r#"
// Unit NN: what an ordinary module looks like.
function reviewNN(files, options) {
  let findings = []
  let total = 0
  for file in files {
    if file.size > 1000 {
      findings.push({ file: file.name, rule: "size", severity: 2 })
    } else {
      total = total + file.lines * 2
    }
  }
  const score = total / (files.length + 1)
  let message = "reviewed ${files.length} files, score ${score}"
  return { findings: findings, score: score, message: message }
}

let pickNN = (items, limit) => items.filter(x => x.score > limit).map(x => x.name)
let namesNN = pickNN([{ name: "a", score: 1 }, { name: "b", score: 3 }], 2)
let resultNN = namesNN.length > 0 ? namesNN[0] : "none"
"#;

const JAVASCRIPT: &str = r#"
// Unit NN: what an ordinary module looks like.
function reviewNN(files, options) {
  let findings = []
  let total = 0
  for (const file of files) {
    if (file.size > 1000) {
      findings.push({ file: file.name, rule: "size", severity: 2 })
    } else {
      total = total + file.lines * 2
    }
  }
  const score = total / (files.length + 1)
  let message = `reviewed ${files.length} files, score ${score}`
  return { findings: findings, score: score, message: message }
}

let pickNN = (items, limit) => items.filter(x => x.score > limit).map(x => x.name)
let namesNN = pickNN([{ name: "a", score: 1 }, { name: "b", score: 3 }], 2)
let resultNN = namesNN.length > 0 ? namesNN[0] : "none"
"#;

const PYTHON: &str = r#"
# Unit NN: what an ordinary module looks like.
def reviewNN(files, options):
  findings = []
  total = 0
  for file in files:
    if file.size > 1000:
      findings.append({ "file": file.name, "rule": "size", "severity": 2 })
    else:
      total = total + file.lines * 2


  score = total / (len(files) + 1)
  message = f"reviewed {len(files)} files, score {score}"
  return { "findings": findings, "score": score, "message": message }


pickNN = lambda items, limit: [x.name for x in items if x.score > limit]
namesNN = pickNN([{ "name": "a", "score": 1 }, { "name": "b", "score": 3 }], 2)
resultNN = namesNN[0] if len(namesNN) > 0 else "none"
"#;
