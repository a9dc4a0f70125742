//! A PostgreSQL of a test's own, on a Unix socket in a folder of its own.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Ended, with all that it stored, when it is dropped.
pub struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    process: Option<Child>,
    port: String,
    settings: Vec<&'static str>,
    n_databases: AtomicUsize,
}

impl Server {
    pub fn start() -> Server {
        Server::start_with(5432, |_| Vec::new())
    }

    /// One with more settings, which `prepare` gives; its argument is the folder of the data, where
    /// files can be put and changed before the server starts. The port names the socket as well.
    pub fn start_with(port: u16, prepare: impl FnOnce(&Path) -> Vec<&'static str>) -> Server {
        let programs = programs().unwrap_or_else(|| {
            install();
            programs().expect("the package has its programs where such packages have them")
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let chown =
            |path: &Path| Command::new("chown").arg("postgres:").arg(path).status().unwrap();
        if is_root() {
            assert!(chown(&data).success() && chown(folder.path()).success());
        }
        let options = ["-A", "trust", "-N", "-U", "prism", "-E", "UTF8", "--locale=C"];
        let made = as_its_user(&programs.join("initdb"))
            .args(options)
            .arg("-D")
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let settings = prepare(&data);
        if is_root() {
            let all = Command::new("chown").arg("-R").arg("postgres:").arg(&data).status();
            assert!(all.unwrap().success());
        }
        let n_databases = AtomicUsize::new(0);
        let port = port.to_string();
        let mut server = Server { folder, programs, process: None, port, settings, n_databases };
        server.go_up();
        server
    }

    /// Starts the server; it must not be running.
    pub fn go_up(&mut self) {
        let process = as_its_user(&self.programs.join("postgres"))
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-c", "listen_addresses=", "-c", "shared_buffers=16MB"])
            .args(["-c", "max_connections=200", "-c", "autovacuum=off"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", self.folder.path().display()))
            .args(["-p", &self.port])
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let begin = Instant::now();
        while !self.sql("postgres", "SELECT 1") {
            assert!(begin.elapsed() < Duration::from_secs(60), "PostgreSQL does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the server at once, as a crash would: nothing is flushed.
    pub fn crash(&mut self) {
        if let Some(mut process) = self.process.take() {
            let pid = process.id().to_string();
            Command::new("kill").args(["-QUIT", &pid]).status().unwrap();
            process.wait().unwrap();
        }
    }

    /// Whether a statement succeeds.
    pub fn sql(&self, database: &str, statement: &str) -> bool {
        let status = Command::new(self.programs.join("psql"))
            .args(["-q", "-U", "prism", "-d", database, "-c", statement, "-p", &self.port])
            .arg("-h")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.unwrap().success()
    }

    /// A new database: its name and its address, with leases of so many milliseconds.
    pub fn database(&self, lease_ms: u64) -> (String, String) {
        let name = format!("d{}", self.n_databases.fetch_add(1, Ordering::Relaxed));
        assert!(self.sql("postgres", &format!("CREATE DATABASE {name}")));
        let host = self.folder.path().display();
        let address = format!("postgres://prism@/{name}?host={host}&lease={lease_ms}ms");
        (name, address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.crash();
    }
}

/// The newest PostgreSQL that is installed.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .map(|(version, path)| (version, path.join("bin")))
        .filter(|(_, path)| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, path)| path)
}

/// From the system's packages, which needs root.
fn install() {
    let apt = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive").status()
    };
    let options = ["install", "-y", "--no-install-recommends", "postgresql"];
    let is_there = apt(&options).is_ok_and(|status| status.success())
        || (apt(&["update"]).is_ok_and(|status| status.success())
            && apt(&options).is_ok_and(|status| status.success()));
    assert!(is_there, "these tests need PostgreSQL: apt-get install postgresql");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// PostgreSQL refuses to run as root.
fn as_its_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command.current_dir("/");
    command
}
