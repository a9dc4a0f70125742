//! Processes and the processor time that they take.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

/// Rounds at most, and seconds after which a contender gets no further one.
const ROUNDS: usize = 5;
const ENOUGH: f64 = 4.0;

/// A language implementation and how to start it.
pub struct Contender {
    pub name: &'static str,
    program: OsString,
    before: Vec<String>,
    after: Vec<String>,
    extension: &'static str,
}

impl Contender {
    pub fn new(
        name: &'static str,
        program: impl Into<OsString>,
        before: &[&str],
        extension: &'static str,
    ) -> Contender {
        let before = before.iter().map(|&arg| arg.to_owned()).collect();
        Contender { name, program: program.into(), before, after: Vec::new(), extension }
    }

    /// Arguments after the file.
    pub fn then(mut self, after: &[&str]) -> Contender {
        self.after = after.iter().map(|&arg| arg.to_owned()).collect();
        self
    }
}

/// The best processor time of each contender, in seconds.
pub fn kernel(folder: &Path, kernel: &str, contenders: &[Contender]) -> Vec<f64> {
    let mut best = vec![f64::INFINITY; contenders.len()];
    let mut spent = vec![0.0; contenders.len()];
    let mut expected: Option<String> = None;
    for _ in 0..ROUNDS {
        for (at, contender) in contenders.iter().enumerate() {
            if spent[at] > ENOUGH {
                continue;
            }
            let file = folder.join(kernel).with_extension(contender.extension);
            let (seconds, output) = run(contender, &file);
            let wanted = expected.get_or_insert_with(|| output.clone());
            assert_eq!(*wanted, output, "{kernel}: {} disagrees", contender.name);
            best[at] = best[at].min(seconds);
            spent[at] += seconds;
        }
    }
    best
}

fn run(contender: &Contender, file: &Path) -> (f64, String) {
    let mut command = Command::new(&contender.program);
    command.args(&contender.before).arg(file).args(&contender.after).stderr(Stdio::piped());
    let before = children();
    let output = command.output();
    let seconds = children() - before;
    let output = output.unwrap_or_else(|error| panic!("{} does not start: {error}", contender.name));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} on {}: {errors}", contender.name, file.display());
    (seconds, String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Processor time of all children that ended so far, in seconds.
fn children() -> f64 {
    // SAFETY: an all-zero `rusage` is a valid value of this plain C struct.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live `rusage`, which the call fills in.
    let status = unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) };
    assert_eq!(status, 0, "the children of a process can be asked for");
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
