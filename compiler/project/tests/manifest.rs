//! Opening programs: files, imports, manifests.

use std::collections::BTreeMap;
use std::sync::Arc;

use prism_project::{check, open};
use prism_source::{FileSystem, ReadError};

/// Files in memory.
struct Table(BTreeMap<&'static str, &'static str>);

impl FileSystem for Table {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        match self.0.get(path) {
            Some(&"not utf-8") => Err(ReadError::NotUtf8 { at: 3 }),
            Some(&"too large") => Err(ReadError::TooLarge(17 << 20)),
            Some(text) => Ok((*text).into()),
            None => Err(ReadError::NotFound),
        }
    }

    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let inside = |path: &&&str| path.starts_with(folder) && path.ends_with(".prism");
        Ok(self.0.keys().filter(inside).map(|path| (*path).to_owned()).collect())
    }

    fn is_folder(&self, path: &str) -> bool {
        !path.ends_with(".prism")
    }
}

/// The codes of everything that is wrong, with file and text.
#[track_caller]
fn finds(files: &[(&'static str, &'static str)], open_path: &str, expected: &[&str]) {
    let opened = open(&Table(files.iter().copied().collect()), &[open_path.to_owned()]);
    let mut all = opened.diagnostics.clone();
    all.extend(check(&opened.db));
    let line = |diagnostic: &prism_diagnostics::Diagnostic| {
        let file = opened.db.file_by_id(diagnostic.place.file).expect("a file of the database");
        let (path, text) = (file.path(&opened.db), file.text(&opened.db));
        format!("{} {path} `{}`", diagnostic.code, diagnostic.place.span.slice(text))
    };
    assert_eq!(all.iter().map(line).collect::<Vec<_>>(), expected);
}

#[test]
fn imports_are_opened_too() {
    let files = [
        ("app/main.prism", "import { a } from \"./lib/a\"\na"),
        ("app/lib/a.prism", "import { b } from \"../b.prism\"\nexport const a = b + nope"),
        ("app/b.prism", "export const b = 1"),
        ("app/other.prism", "nope"),
    ];
    finds(&files, "app/main.prism", &["P0501 app/lib/a.prism `nope`"]);
    finds(&files, "app", &["P0501 app/lib/a.prism `nope`", "P0501 app/other.prism `nope`"]);
}

#[test]
fn files_that_cannot_be_read_are_reported() {
    finds(&[], "gone.prism", &["P0031 gone.prism ``"]);
    finds(&[("a.prism", "not utf-8")], "a.prism", &["P0032 a.prism ``"]);
    let files = [("a.prism", "import \"./big\""), ("big.prism", "too large")];
    finds(&files, "a.prism", &["P0033 big.prism ``", "P0504 a.prism `\"./big\"`"]);
}

#[test]
fn the_nearest_manifest_counts() {
    let main = "/**\n * @agents {\"capabilities\": [\"cod\"]}\n */\nagents";
    let files = [
        ("a/b/main.prism", main),
        ("a/prism.toml", "[agents.r]\ncapabilities = [\"code\"]\ncommand = [\"r\"]\n"),
        ("prism.toml", "wrong ="),
    ];
    finds(&files, "a/b/main.prism", &["P0612 a/b/main.prism `{\"capabilities\": [\"cod\"]}`"]);
}

#[test]
fn mistakes_of_the_manifest_are_reported_once() {
    let files = [
        ("a.prism", "1"),
        ("b.prism", "2"),
        ("prism.toml", "[package]\nnmae = \"x\"\n[lints]\nP0521 = \"deny\"\n"),
    ];
    finds(&files, "", &["P0610 prism.toml `nmae`"]);
    let files = [("a.prism", "let max = 1\nmax"), ("prism.toml", "[lints]\nP0521 = \"allow\"\n")];
    finds(&files, "a.prism", &[]);
}

#[test]
fn too_few_agents_are_reported() {
    let main = "/**\n * @agents {\"capabilities\": [\"code\"]}\n * @minAgents 2\n */\nagents";
    let manifest = "[agents.r]\ncapabilities = [\"code\"]\ncommand = [\"r\"]\n";
    let files = [("main.prism", main), ("prism.toml", manifest)];
    finds(&files, "main.prism", &["P0612 main.prism `2`"]);
}

#[test]
fn lint_levels_change_warnings() {
    let main = "1 + 2\n3";
    let with = |manifest: &'static str| {
        let files = [("main.prism", main), ("prism.toml", manifest)];
        let opened = open(&Table(files.iter().copied().collect()), &["main.prism".to_owned()]);
        let mut all = opened.diagnostics.clone();
        all.extend(check(&opened.db));
        all.iter().map(|one| (one.code.as_str(), one.is_error())).collect::<Vec<_>>()
    };
    assert_eq!(with(""), [("P0701", false)]);
    assert_eq!(with("strict = true"), [("P0701", true)]);
    assert_eq!(with("strict = true\n[lints]\nP0701 = \"warn\""), [("P0701", false)]);
    assert_eq!(with("[lints]\np0701 = \"deny\""), [("P0701", true)]);
    assert_eq!(with("[lints]\nP0701 = \"allow\""), []);
    assert_eq!(with("[lints]\nP9701 = \"allow\""), [("P0610", true), ("P0701", false)]);
}

#[test]
fn agents_of_calls_and_declarations_are_in_the_manifest() {
    let main =
        "agents { Scout: Agent { role: \"x\" } }\nagent.call({ agent: \"revewer\", task: 1 })";
    let manifest = "[agents.reviewer]\ncommand = [\"r\"]\n";
    let files = [("main.prism", main), ("prism.toml", manifest)];
    finds(&files, "main.prism", &["P0612 main.prism `Scout`", "P0612 main.prism `\"revewer\"`"]);
    finds(&files[..1], "main.prism", &[]);
}

/// As whoever runs the agents reads them.
#[test]
fn sizes_and_counts_of_agents_have_their_forms() {
    let main = ("main.prism", "1");
    let right = "[agents.a]\ncommand = [\"a\"]\nmax_line = \"8Mi\"\ncalls = 4\n\
                 [agents.b]\ncommand = [\"b\"]\nmax_line = 1048576\n";
    finds(&[main, ("prism.toml", right)], "main.prism", &[]);
    let wrong = "[agents.a]\ncommand = [\"a\"]\nmax_line = [8]\ncalls = \"4\"\n";
    let expected = ["P0652 prism.toml `[8]`", "P0652 prism.toml `\"4\"`"];
    finds(&[main, ("prism.toml", wrong)], "main.prism", &expected);
}

#[test]
fn groups_of_agents_are_names_of_every_program() {
    const AGENTS: &str = "[agents.one]\ncommand = [\"r\"]\ncapabilities = [\"code\"]\n";
    let with = |groups: &str| -> &'static str { format!("{groups}\n{AGENTS}").leak() };
    let check = |main: &'static str, groups: &str, expected: &[&str]| {
        finds(&[("main.prism", main), ("prism.toml", with(groups))], "main.prism", expected);
    };
    let two = "[groups]\nsome = [\"one\"]\nall = { capabilities = [\"code\"] }";
    check("[some, all]", two, &[]);
    check("[sme]", two, &["P0501 main.prism `sme`"]);
    check("let some = 1\nsome", two, &[]);
    check("1", "[groups]\nx = [\"on\"]", &["P0612 prism.toml `\"on\"`"]);
    check("1", "[groups]\nx = { capabilities = [\"cod\"] }", &["P0612 prism.toml `\"cod\"`"]);
    check(
        "1",
        "[groups]\nx = { names = [] }",
        &["P0611 prism.toml `{ names = [] }`", "P0610 prism.toml `names`"],
    );
    check("1", "[groups]\nx = 1\ny = [2]", &["P0611 prism.toml `1`", "P0611 prism.toml `2`"]);
    check("1", "groups = []", &["P0611 prism.toml `[]`"]);
    for name in ["input", "parallel", "print", "agent", "if", "true", "\"a b\"", "\"\"", "\"a.b\""]
    {
        check("1", &format!("[groups]\n{name} = []"), &[&format!("P0613 prism.toml `{name}`")]);
    }
}

#[test]
fn values_of_the_manifest_have_their_range() {
    let files = [("a.prism", "1"), ("prism.toml", "[confidence]\nhigh = 2\n")];
    finds(&files, "a.prism", &["P0611 prism.toml `2`"]);
}
