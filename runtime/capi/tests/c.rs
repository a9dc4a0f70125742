//! Compiles a host written in C against the header and the library, and runs it.
//!
//! `CFLAGS` is for the compiler as well. With `-fsanitize=address` the host looks at every access of
//! its own, and at what both sides allocate and free: the library uses the same `malloc`.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = r#"
global "input"
input "input", g0
site "llm", "main.answer"

fn "main" ( ) regs 3
    load_const r0, "before"
    call_native r0, r0, 1, print
    get_global r0, g0
    copy r1, r0
    perform r1, r1, 1, s0
    add r0, r0, r1
    return r0
"#;

/// The static library, which is built beside this test: the newest one that is there.
fn library() -> PathBuf {
    let executable = std::env::current_exe().unwrap();
    let files = std::fs::read_dir(executable.parent().unwrap()).unwrap().flatten();
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("libprism_capi-") && name.ends_with(".a")
    };
    let found = files.map(|entry| entry.path()).filter(is_it);
    found.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap()
}

#[test]
fn a_host_in_c_runs_an_artifact() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = folder.path().join("program.prismc");
    let module = prism_bytecode::assemble(PROGRAM).unwrap();
    std::fs::write(&artifact, prism_bytecode::encode(&module)).unwrap();

    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let host = folder.path().join("host");
    let flags = std::env::var("CFLAGS").unwrap_or_default();
    let compiled = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror"])
        .args(flags.split_whitespace())
        .arg("-o")
        .arg(&host)
        .arg(here.join("tests/host.c"))
        .arg("-I")
        .arg(here.join("include"))
        .arg(library())
        .args(["-lpthread", "-ldl", "-lm"])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(&host).arg(&artifact).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "all hold\n");
    assert!(ran.status.success());
}
