//! What the diagnostics after an edit cost, through the library.
//!
//! In: a folder of Prism files, and `cold` when only the first check is wanted, for a profiler.
//! Out: for each kind of edit the time until the diagnostics of the
//! edited file are known, and until those of all files are. Every edit is made in many files, one
//! after the other, and undone; a mistake that is typed must be found, and be gone afterwards.

use std::time::{Duration, Instant};

use prism_project::{Disk, Edit, Keep, RootDb, check, check_file, open, release};
use prism_source::SourceFile;

#[global_allocator]
static ALLOCATOR: prism_allocator::Allocator = prism_allocator::Allocator;

/// A kind of edit: what is replaced, by what, and how many mistakes that makes in the file.
const EDITS: [(&str, &str, &str, usize); 5] = [
    ("body", "total = total - 1", "total = total - 2", 0),
    ("mistake", "total = total - 1", "total = totl - 1", 1),
    ("comment above", "export function weigh3", "// weighs\nexport function weigh3", 0),
    (
        "new function",
        "export function weigh3",
        "function more(x) { return x }\nexport function weigh3",
        0,
    ),
    ("signature", "function weigh0(votes, least)", "function weigh0(votes, least, most = 1)", 0),
];

fn main() {
    let folder = std::env::args().nth(1).expect("a folder of Prism files");
    let begin = Instant::now();
    let opened = open(&Disk, &[folder]);
    let mut db = opened.db;
    assert!(check(&db).is_empty(), "the files have no mistakes");
    println!("  cold, through the library {:24.1} ms", millis(begin.elapsed()));
    if std::env::args().nth(2).is_some_and(|what| what == "cold") {
        return std::mem::forget(db);
    }
    let mut files = db.user_files();
    files.sort_by_key(|file| file.id(&db));
    // The file that all others import, and files in which people type.
    let root = *files.iter().find(|file| file.path(&db).ends_with("module0.prism")).expect("it");
    let others: Vec<SourceFile> = files.iter().copied().filter(|file| *file != root).collect();
    let others: Vec<SourceFile> = others.iter().copied().step_by(others.len() / 20).collect();
    for (name, files) in [("leaf", others), ("root", vec![root])] {
        for file in &files {
            // An editor sends the text of a file that it opens.
            let text = format!("{}\n", file.text(&db));
            db.edit(&file.path(&db).clone(), Edit::Text(text.into()));
        }
        assert_eq!(check_all(&db, &files), 0, "a line feed is no mistake");
        for edit in EDITS {
            measure(&mut db, name, &files, edit);
        }
    }
    println!("  memory at most {} MB", memory());
}

/// The number of mistakes in all files. As in an editor, what is known inside of files that are
/// not open is not kept.
fn check_all(db: &RootDb, open: &[SourceFile]) -> usize {
    let found = |file: SourceFile| {
        let n_mistakes = check_file(db, file).len();
        let is_open = open.contains(&file);
        release(db, file, if is_open { Keep::Newest } else { Keep::Nothing });
        n_mistakes
    };
    db.user_files().into_iter().map(found).sum()
}

fn measure(
    db: &mut RootDb,
    place: &str,
    files: &[SourceFile],
    (name, from, to, n_mistakes): (&str, &str, &str, usize),
) {
    let (mut own, mut all, mut worked) = (Vec::new(), Vec::new(), Vec::new());
    for file in files.iter().cycle().take(files.len().max(40)) {
        let path = file.path(db).clone();
        let before = file.text(db).clone();
        let after = before.replacen(from, to, 1);
        assert_ne!(*before, *after, "the text to be replaced is there");
        for (text, expected) in [(after.into(), n_mistakes), (before, 0)] {
            let (begin, before) = (Instant::now(), processor());
            db.edit(&path, Edit::Text(text));
            let found = check_file(db, *file).len();
            own.push(begin.elapsed());
            worked.push(processor() - before);
            let found_in_all = check_all(db, files);
            all.push(begin.elapsed());
            assert_eq!((found, found_in_all), (expected, expected));
        }
    }
    println!(
        "  {place} {name:<14} file: p50 {:6.2} ms, p99 {:6.2} ms, processor p99 {:6.2} ms; all files: p50 {:6.2} ms, p99 {:6.2} ms",
        percentile(&mut own, 50),
        percentile(&mut own, 99),
        percentile(&mut worked, 99),
        percentile(&mut all, 50),
        percentile(&mut all, 99),
    );
}

fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort();
    millis(times[(times.len() * percent / 100).min(times.len() - 1)])
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What all threads took so far. Other work on the machine makes an edit wait, but not work more.
fn processor() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// The most that the process needed so far, in megabytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes.and_then(|number| number.trim().parse::<u64>().ok()).unwrap_or(0) / 1000
}
