//! A folder with a program in it, and `prism` as a process.

#![allow(dead_code, reason = "every test program uses another part of this")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own, gone when it is dropped.
pub struct Project {
    folder: TempDir,
}

/// What a process of `prism` did.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// With a program in `main.prism`.
    pub fn new(program: &str) -> Project {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        project.write("main.prism", program);
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// An agent that is a Bash script. `$line` is the request and `$id` its id.
    pub fn agent(&self, name: &str, settings: &str, script: &str) {
        let text = format!(
            "read -r line || exit 1\nid=${{line#*\\\"id\\\":\\\"}}; id=${{id%%\\\"*}}\n{script}\n"
        );
        self.write(&format!("agents/{name}.sh"), text);
        let manifest = self.path().join("prism.toml");
        let before = std::fs::read_to_string(&manifest).unwrap_or_default();
        let table =
            format!("[agents.{name}]\ncommand = [\"bash\", \"agents/{name}.sh\"]\n{settings}\n\n");
        std::fs::write(manifest, before + &table).unwrap();
    }

    /// The lines that agents have written to a file so far, without one that is being written.
    pub fn whole_lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join(name)).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(str::to_owned).collect()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_prism"));
        command.args(args).current_dir(self.path());
        command.stdin(Stdio::null()).env_remove("PRISM_STORE").env("NO_COLOR", "1");
        command
    }

    pub fn prism(&self, args: &[&str]) -> Ran {
        Ran::new(&self.command(args).output().unwrap())
    }

    /// `prism run main.prism --json …` and the object it prints.
    pub fn run_json(&self, args: &[&str]) -> (i32, Value) {
        let ran = self.prism(&[&["run", "main.prism", "--json"], args].concat());
        (ran.status, ran.json())
    }
}

impl Ran {
    pub fn of(command: &mut Command) -> Ran {
        Ran::new(&command.output().unwrap())
    }

    fn new(output: &Output) -> Ran {
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Standard output, which must be one JSON value and nothing else.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }
}

/// An answer line of an agent, for [`Project::agent`].
pub fn answer(value: &str, confidence: f64) -> String {
    format!("printf '{{\"id\":\"%s\",\"value\":{value},\"confidence\":{confidence}}}\\n' \"$id\"")
}

/// Waits until something holds; panics after a while.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "it never happened: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The processes whose current folder is this one: the agents of a project, and what they started.
pub fn processes_in(folder: &Path) -> Vec<i32> {
    let folder = folder.canonicalize().unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let current = std::fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        if let Some(pid) = pid
            && current == folder
        {
            found.push(pid);
        }
    }
    found
}
