//! `prismc fmt`: what is changed, what is left alone, and what is told.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use assert_cmd::Command;
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Status, standard output, standard error.
fn fmt(folder: &TempDir, args: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prismc"));
    command.arg("fmt").args(args).current_dir(folder.path()).env("NO_COLOR", "1");
    let output = command.write_stdin(input).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn files_and_folders_are_written_in_place() {
    let folder = folder(&[
        ("main.prism", "let  x=1 // one\n\n\n\nprint( x )\n"),
        ("lib/done.prism", "export let a = 1\n"),
        ("lib/todo.prism", "export let b=[1,2]"),
        ("lib/other.txt", "let  x=1"),
    ]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (status, changed, told) = fmt(&folder, &["main.prism", "lib"], "");
    assert_eq!((status, changed.as_str()), (0, "lib/todo.prism\nmain.prism\n"), "{told}");
    assert_eq!(told, "3 files, 2 changed\n");
    assert_eq!(read("main.prism"), "let x = 1 // one\n\nprint(x)\n");
    assert_eq!(read("lib/todo.prism"), "export let b = [1, 2]\n");
    assert_eq!(read("lib/other.txt"), "let  x=1");
    let (status, changed, told) = fmt(&folder, &["."], "");
    assert_eq!((status, changed.as_str(), told.as_str()), (0, "", "3 files, 0 changed\n"));
}

#[test]
fn a_check_changes_nothing() {
    let folder = folder(&[("a.prism", "f( )\n"), ("b.prism", "f()\n")]);
    let (status, changed, told) = fmt(&folder, &["--check", "."], "");
    assert_eq!(
        (status, changed.as_str(), told.as_str()),
        (1, "a.prism\n", "2 files, 1 to change\n")
    );
    assert_eq!(std::fs::read_to_string(folder.path().join("a.prism")).unwrap(), "f( )\n");
    assert_eq!(fmt(&folder, &["--check", "b.prism"], "").0, 0);
}

#[test]
fn statements_with_mistakes_stay() {
    let folder = folder(&[("a.prism", "let  a=1\nlet x = *   2\nlet  b=2\n")]);
    let (status, _, told) = fmt(&folder, &["a.prism"], "");
    let text = std::fs::read_to_string(folder.path().join("a.prism")).unwrap();
    assert_eq!((status, text.as_str()), (0, "let a = 1\nlet x = *   2\nlet b = 2\n"));
    assert!(told.starts_with("a.prism: 1 mistake: "), "{told}");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = folder(&[]);
    assert_eq!(fmt(&folder, &["-"], "x=1").1, "x = 1\n");
    assert_eq!(fmt(&folder, &["--check", "-"], "x = 1\n").0, 0);
    assert_eq!(fmt(&folder, &["--check", "-"], "x=1").0, 1);
}

#[test]
fn files_that_cannot_be_read_are_a_matter_of_usage() {
    let folder = folder(&[("a.prism", "f( )\n")]);
    let (status, _, told) = fmt(&folder, &["a.prism", "nowhere.prism"], "");
    assert!(status == 2 && told.contains("P0031"), "{status}: {told}");
    assert_eq!(std::fs::read_to_string(folder.path().join("a.prism")).unwrap(), "f( )\n");
}

#[test]
fn the_library_and_the_examples_have_the_style() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_prismc"));
    command.args(["fmt", "--check", "stdlib", "examples"]).current_dir(root);
    command.assert().success();
}
