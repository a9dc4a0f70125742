//! Ten programs in Prism and in other languages, side by side.
//!
//! ```sh
//! cargo build --release -p prism-cli
//! cargo run --release --manifest-path benches/peers/Cargo.toml [--prism PATH] [KERNEL…]
//! ```
//!
//! Each program is a process of its own, from source text to printed result; what counts is its
//! processor time, start-up and compilation included. All languages must print the same. They
//! take turns, and the best of several rounds counts; who is slow gets fewer rounds.

mod embedded;
mod measure;
mod table;

use std::path::{Path, PathBuf};

use measure::Contender;

const KERNELS: [&str; 10] = [
    "fib", "loops", "nbody", "spectral", "matrix", "sieve", "strings", "closures", "objects", "sort",
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [language, file] = &args[..]
        && let Some(language) = language.strip_prefix("--run=")
    {
        return embedded::run(language, file);
    }
    let (prism, chosen) = options(&args);
    let contenders = contenders(&prism);
    let kernels: Vec<&str> = match chosen.is_empty() {
        true => KERNELS.to_vec(),
        false => chosen.iter().map(String::as_str).collect(),
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels");
    let mut rows = Vec::new();
    for kernel in kernels {
        let times = measure::kernel(&folder, kernel, &contenders);
        table::line(kernel, &contenders, &times);
        rows.push((kernel, times));
    }
    table::ratios(&contenders, &rows);
}

/// The binary to measure, and the kernels if not all.
fn options(args: &[String]) -> (PathBuf, Vec<String>) {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let mut prism = Path::new(&target).join("release/prism");
    let mut chosen = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--prism" => prism = args.next().expect("a path after --prism").into(),
            kernel => chosen.push(kernel.to_owned()),
        }
    }
    assert!(prism.exists(), "{} is not there: build it first, or give --prism", prism.display());
    (prism, chosen)
}

/// Who takes part; what begins with `prism` is ours.
fn contenders(prism: &Path) -> Vec<Contender> {
    let itself = std::env::current_exe().expect("this program has a path");
    let run = ["--no-store", "--fuel", "1000000000000"];
    vec![
        Contender::new("prism", prism, &["run"], "prism").then(&run),
        Contender::new("prism --no-native", prism, &["run", "--no-native"], "prism").then(&run),
        Contender::new("lua5.4", "lua5.4", &[], "lua"),
        Contender::new("luajit", "luajit", &[], "lua"),
        Contender::new("luajit -joff", "luajit", &["-joff"], "lua"),
        Contender::new("python3", "python3", &[], "py"),
        Contender::new("rhai", &itself, &["--run=rhai"], "rhai"),
        Contender::new("rune", &itself, &["--run=rune"], "rn"),
    ]
}
