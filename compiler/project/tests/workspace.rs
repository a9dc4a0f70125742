//! A workspace that followed changes is what a fresh one opens.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use prism_project::{Keep, Workspace, check, check_keeping, open, open_to_check};
use prism_source::{FileSystem, ReadError};

/// A disk in memory; its only folder is `/p`.
#[derive(Default)]
struct Texts(RwLock<BTreeMap<String, String>>);

impl FileSystem for Texts {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        match self.0.read().unwrap().get(path) {
            Some(text) if text == "too large" => Err(ReadError::TooLarge(1)),
            Some(text) => Ok(text.as_str().into()),
            None => Err(ReadError::NotFound),
        }
    }

    fn sources_below(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let texts = self.0.read().unwrap();
        let below = texts.keys().filter(|path| path.starts_with(folder));
        Ok(below.filter(|path| path.ends_with(".prism")).cloned().collect())
    }

    fn is_folder(&self, path: &str) -> bool {
        path == "/p"
    }
}

/// Code, path and bytes of everything that is wrong, in any order.
fn problems(db: &prism_project::RootDb, reports: &[prism_diagnostics::Diagnostic]) -> Vec<String> {
    let line = |one: &prism_diagnostics::Diagnostic| {
        let path = db.file_by_id(one.place.file).map(|file| file.path(db).to_string());
        let span = one.place.span;
        format!("{} {:?} {path:?} {}..{}", one.code, one.severity, span.start, span.end)
    };
    let mut all: Vec<String> = check(db).iter().chain(reports).map(line).collect();
    all.sort();
    all
}

const PATHS: [&str; 6] = [
    "/p/a.prism",
    "/p/b.prism",
    "/p/sub/c.prism",
    "/x.prism",
    "/p/prism.toml",
    "/p/sub/prism.toml",
];

const PROGRAMS: [&str; 8] = [
    "export function f(x) { return x }\n1 + 1\n",
    "import { f } from \"./a\"\nexport let v = f(1)\n",
    "import { v } from \"./b\"\nexport let w = v\nexport function f() { return w }\n",
    "import { f } from \"../../x\"\nprint(f(1))\n",
    "import { f } from \"../x\"\nimport * as c from \"./sub/c\"\nprint(f(1), c.f(1, 2))\n",
    "export * from \"./p/b\"\n",
    "let x = = 1\n",
    "too large",
];

const MANIFESTS: [&str; 5] = [
    "[package]\nstrict = true\n",
    "[lints]\nP0701 = \"allow\"\n",
    "[nonsense]\n",
    "= =",
    "too large",
];

#[test]
fn following_changes_is_opening_afresh() {
    for seed in 0..12 {
        let mut random = Random(seed);
        let disk = Texts::default();
        let mut workspace = Workspace::new();
        workspace.include(&disk, "/p");
        workspace.settle(&disk);
        for step in 0..25 {
            // Which edits are expected, and when old results are freed, makes no difference.
            if random.below(2) == 0 {
                workspace.expect_edits(PATHS[random.below(PATHS.len())]);
                workspace.tidy();
            }
            for _ in 0..=random.below(2) {
                let path = PATHS[random.below(PATHS.len())];
                let is_manifest = path.ends_with(".toml");
                let texts = if is_manifest { &MANIFESTS[..] } else { &PROGRAMS[..] };
                let text = texts.get(random.below(texts.len() + 2));
                match text {
                    Some(text) => disk.0.write().unwrap().insert(path.into(), (*text).into()),
                    None => disk.0.write().unwrap().remove(path),
                };
                match text {
                    Some(_) if path.starts_with("/p") && !is_manifest => {
                        workspace.include(&disk, path);
                    }
                    _ => workspace.reload(&disk, path),
                }
            }
            workspace.settle(&disk);
            let fresh = open(&disk, &["/p".to_owned()]);
            let expected = problems(&fresh.db, &fresh.diagnostics);
            let found = problems(workspace.db(), workspace.reports());
            assert_eq!(found, expected, "seed {seed}, step {step}: {:#?}", disk.0.read().unwrap());
        }
    }
}

/// Files that call each other's functions: most import earlier ones only, some any, and some what
/// is not named or not there.
fn calling_each_other(n: usize, random: &mut Random) -> Texts {
    let disk = Texts::default();
    let mut texts = disk.0.write().unwrap();
    texts.insert("/x.prism".into(), "export function f(x) { return \"x\" }\n".into());
    texts.insert("/p/prism.toml".into(), MANIFESTS[random.below(2)].into());
    for at in 0..n {
        let mut text = String::new();
        let mut calls = String::new();
        for import in 0..random.below(3) {
            let name = match random.below(30) {
                0 => "../x".to_owned(),
                1 => "./missing".to_owned(),
                2 => format!("./m{}", random.below(n)),
                _ if at == 0 => continue,
                _ => format!("./m{}", random.below(at)),
            };
            text += &format!("import {{ f as f{import} }} from \"{name}\"\n");
            calls += &format!(" + f{import}(x - 1)");
        }
        let last = ["1", "\"text\"", "x"][random.below(3)];
        text += &format!("export function f(x) {{\n  if (x < 1) {{ return {last} }}\n");
        text += &format!("  return 1{calls}\n}}\nlet n: number = f({at})\n");
        texts.insert(format!("/p/m{at}.prism"), text);
    }
    drop(texts);
    disk
}

#[test]
fn checking_files_before_all_are_read_finds_the_same() {
    let mut n_found = 0;
    for seed in 0..20 {
        let disk = calling_each_other(80, &mut Random(seed));
        let paths = ["/p".to_owned()];
        let first = open(&disk, &paths);
        let expected = check(&first.db);
        for keep in [Keep::Nothing, Keep::Bodies, Keep::Newest] {
            let opened = open_to_check(&disk, &paths, keep);
            assert_eq!(opened.diagnostics, first.diagnostics, "seed {seed}, {keep:?}");
            assert_eq!(check_keeping(&opened.db, keep), expected, "seed {seed}, {keep:?}");
        }
        n_found += expected.len();
    }
    assert!(n_found > 200, "the files were not all right: {n_found}");
}

#[test]
fn changes_name_the_files_that_depend_on_them() {
    let disk = Texts::default();
    for (path, text) in PATHS.iter().zip(&PROGRAMS[..3]) {
        let text = text.replace("./b", "../b");
        disk.0.write().unwrap().insert((*path).to_owned(), text);
    }
    let mut workspace = Workspace::new();
    workspace.include(&disk, "/p");
    workspace.settle(&disk);
    assert!(workspace.take_changes().is_global);
    disk.0
        .write()
        .unwrap()
        .insert("/p/a.prism".to_owned(), "export function f(x) { 2 }\n".to_owned());
    workspace.reload(&disk, "/p/a.prism");
    workspace.settle(&disk);
    let changes = workspace.take_changes();
    let paths = changes.files.iter().map(|file| file.path(workspace.db()).to_string());
    assert_eq!(paths.collect::<Vec<_>>(), ["/p/a.prism", "/p/b.prism", "/p/sub/c.prism"]);
    assert!(!changes.is_global);
    workspace.reload(&disk, "/p/a.prism");
    workspace.settle(&disk);
    assert_eq!(workspace.take_changes().files, [], "the text is the same");
}

/// Xorshift: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        let mut x = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ x;
        (x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}
