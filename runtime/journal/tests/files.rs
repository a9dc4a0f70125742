//! What a SQLite store does across processes, crashes and damage.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use prism_journal::{Entry, Error, Kind, Log, Recovered, RunId, Sqlite, Store};
use rusqlite::Connection;
use support::{append, as_child, draft, queue, start, write_run};

fn sql(path: &Path, statement: &str) {
    Connection::open(path).unwrap().execute_batch(statement).unwrap();
}

#[test]
fn a_store_reopens_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let runs: Vec<RunId> =
        (0..30).map(|n_answers| write_run(&Sqlite::open(&path).unwrap(), n_answers)).collect();
    let store = Sqlite::open(&path).unwrap();
    for (n_answers, run) in runs.iter().enumerate() {
        assert_eq!(store.read(*run, 0).unwrap().len(), n_answers + 2);
    }
    assert_eq!(store.runs().unwrap().iter().map(|run| run.run).collect::<Vec<_>>(), runs);
    assert_eq!(store.unfinished().unwrap(), []);
}

#[test]
fn the_index_is_brought_forward_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = Sqlite::open(&path).unwrap();
    let ended = write_run(&store, 3);
    let (claim, mut log) = start(&store);
    for _ in 0..10 {
        let drafts = (0..1000).map(|_| draft(Kind::Answer, "e", "x")).collect();
        append(&store, &claim, log.batch(drafts)).unwrap();
    }
    let before = store.runs().unwrap();
    drop((claim, store));
    let indexed: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT to_row FROM indexed", [], |row| row.get(0))
        .unwrap();
    assert!(indexed >= 4096, "{indexed}");
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(store.runs().unwrap(), before);
    assert_eq!(store.read(ended, 0).unwrap().len(), 5);
    let claim = store.claim(log.run()).unwrap();
    append(&store, &claim, log.batch(vec![draft(Kind::RunCompleted, "", "")])).unwrap();
    assert_eq!(store.read(log.run(), 9_999).unwrap().len(), 3);
}

#[test]
fn two_stores_on_one_file_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (one, two) = (Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap());
    let (claim, mut log) = start(&one);
    assert_eq!(two.claim(log.run()).unwrap_err(), Error::Claimed { run: log.run() });
    assert!(two.is_claimed(log.run()).unwrap());
    for _ in 0..5 {
        write_run(&two, 2);
        append(&one, &claim, log.batch(vec![draft(Kind::Answer, "e", "x")])).unwrap();
    }
    let seen = two.changes().unwrap();
    append(&one, &claim, log.batch(vec![draft(Kind::Answer, "e", "x")])).unwrap();
    assert_ne!(two.changes().unwrap(), seen);
    assert_eq!(two.read(log.run(), 0).unwrap(), one.read(log.run(), 0).unwrap());
    assert_eq!(one.runs().unwrap(), two.runs().unwrap());
    drop(claim);
    let claim = two.claim(log.run()).unwrap();
    append(&two, &claim, log.batch(vec![draft(Kind::Answer, "taken over", "x")])).unwrap();
    let error = append(&one, &claim, Log::new(log.run()).batch(vec![draft(Kind::Answer, "e", "")]));
    assert_eq!(error.unwrap_err().code(), "P2009");
    assert_eq!(one.read(log.run(), 0).unwrap().len(), 8);
}

#[test]
fn a_bell_rings_when_anybody_writes_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (here, there) = (Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap());
    let run = write_run(&here, 1);
    assert_eq!(there.read(run, 0).unwrap().len(), 3);
    let mut bell = File::from(here.bell().unwrap());
    let mut has_rung = || bell.read(&mut [0; 4096]).is_ok_and(|length| length > 0);
    assert!(!has_rung());
    assert_eq!(there.read(run, 0), here.read(run, 0));
    assert!(!has_rung(), "nobody has written");
    there.post(run, "key", b"said").unwrap();
    assert!(has_rung(), "somebody else has");
    assert!(!has_rung(), "it has been read");
    write_run(&here, 1);
    assert!(has_rung(), "this one has");
}

#[test]
fn a_new_store_may_be_opened_by_many_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| write_run(&Sqlite::open(&path).unwrap(), 3));
        }
    });
    assert_eq!(Sqlite::open(&path).unwrap().runs().unwrap().len(), 8);
}

#[test]
fn a_log_that_grows_is_folded_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let log = path.with_extension("db-wal");
    let mut n_folded = 0;
    for round in 1..=40 {
        write_run(&Sqlite::open(&path).unwrap(), 4);
        n_folded += usize::from(!log.exists());
        assert_eq!(Sqlite::open(&path).unwrap().runs().unwrap().len(), round);
    }
    assert!((1..20).contains(&n_folded), "{n_folded}");
}

#[test]
fn appends_that_arrive_together_share_a_sync() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = Sqlite::open(&path).unwrap();
    let n_runs = 64;
    let mut runs: Vec<_> = (0..n_runs).map(|_| start(&store)).collect();
    let commits = commits_in_wal(&path);
    let n_rounds = 20;
    for _ in 0..n_rounds {
        let acks: Vec<_> = runs
            .iter_mut()
            .map(|(claim, log)| {
                queue(&store, claim, log.batch(vec![draft(Kind::Answer, "e", "x")]))
            })
            .collect();
        acks.into_iter().for_each(|ack| ack.recv().unwrap().unwrap());
    }
    let commits = commits_in_wal(&path) - commits;
    assert!(commits >= n_rounds, "an acknowledged entry without a commit: {commits}");
    assert!(commits < n_rounds * n_runs / 4, "{commits} commits for {} appends", n_rounds * n_runs);
}

/// Frames of the write-ahead log that end a transaction; each was synced.
fn commits_in_wal(path: &Path) -> usize {
    let wal = fs::read(path.with_extension("db-wal")).unwrap();
    let page = u32::from_be_bytes(wal[8..12].try_into().unwrap()) as usize;
    wal[32..].chunks_exact(24 + page).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[test]
fn a_newer_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    drop(Sqlite::open(&path).unwrap());
    sql(&path, "PRAGMA user_version = 7");
    let error = Sqlite::open(&path).err().unwrap();
    assert_eq!(error, Error::Newer { path, found: 7, supported: 4 });
    assert_eq!(error.code(), "P2001");
}

#[test]
fn an_entry_of_a_newer_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let run = write_run(&Sqlite::open(&path).unwrap(), 3);
    sql(&path, "UPDATE entries SET kind = 99 WHERE seq = 2");
    let error = Sqlite::open(&path).unwrap().read(run, 0).unwrap_err();
    assert_eq!(error, Error::UnknownKind { run, seq: 2, kind: 99 });
}

#[test]
fn a_file_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, but long enough to be read as a header\n".repeat(20))
        .unwrap();
    let before = fs::read(&text).unwrap();
    assert_eq!(Sqlite::open(&text).err().unwrap().code(), "P2002");
    assert_eq!(fs::read(&text).unwrap(), before);

    let other = folder.path().join("other.db");
    sql(&other, "CREATE TABLE theirs (x)");
    assert_eq!(Sqlite::open(&other).err().unwrap(), Error::NotAStore { path: other.clone() });
    assert_eq!(Sqlite::open(folder.path()).err().unwrap().code(), "P2007");
}

#[test]
fn a_locked_store_is_named_after_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let patience = Duration::from_millis(50);
    let store = Sqlite::open_within(&path, patience).unwrap();
    let (claim, mut log) = start(&store);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let batch = log.batch(vec![draft(Kind::Answer, "e", "x")]);
    let error = append(&store, &claim, batch.clone()).unwrap_err();
    assert_eq!(error, Error::Locked { path });
    assert_eq!(error.code(), "P2003");
    other.execute_batch("ROLLBACK").unwrap();
    append(&store, &claim, batch).unwrap();
    assert_eq!(store.read(log.run(), 0).unwrap().len(), 2);
}

#[test]
fn any_changed_column_of_an_entry_shows() {
    let changes = [
        "time = time + 1",
        "kind = 2",
        "effect_id = 'other'",
        "name = 'other'",
        "request = zeroblob(32)",
        "request = zeroblob(31)",
        "payload = CAST('forged' AS BLOB)",
        "payload = NULL, blob = zeroblob(32), blob_len = 7",
        "hash = zeroblob(32)",
        "hash = zeroblob(31)",
    ];
    for change in changes {
        let (run, error) = read_after(&format!("UPDATE entries SET {change} WHERE seq = 2"));
        assert_eq!(error, Error::Changed { run, seq: 2 }, "{change}");
    }
    for change in [
        "DELETE FROM entries WHERE seq = 2",
        "UPDATE entries SET seq = 9 WHERE seq = 2",
        "UPDATE entries SET run = zeroblob(10) WHERE seq = 2",
        "UPDATE entries SET back = 1 WHERE seq = 3",
    ] {
        let (_, error) = read_after(change);
        assert_eq!(error.code(), "P2005", "{change}");
    }
}

fn read_after(change: &str) -> (RunId, Error) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let run = write_run(&Sqlite::open(&path).unwrap(), 4);
    let sound = write_run(&Sqlite::open(&path).unwrap(), 1);
    sql(&path, &format!("{change} AND run = x'{}'", hex(run)));
    let store = Sqlite::open(&path).unwrap();
    let error = store.read(run, 0).unwrap_err();
    // Beside others it says the same, and they are as they were.
    let together = store.recover(&[sound, run]);
    let whole = |entries| Recovered { checkpoint: None, entries };
    assert_eq!(together, [store.read(sound, 0).map(whole), Err(error.clone())], "{change}");
    (run, error)
}

fn hex(run: RunId) -> String {
    run.bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_changed_blob_shows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = Sqlite::open(&path).unwrap();
    let (claim, mut log) = start(&store);
    let batch = log.batch(vec![draft(Kind::Answer, "e", vec![7; 10_000])]);
    let reference = batch.blobs[0].0;
    append(&store, &claim, batch).unwrap();
    sql(&path, "UPDATE blobs SET bytes = zeroblob(10000)");
    assert_eq!(store.blob(reference).unwrap_err(), Error::Blob { hash: reference.hash });
}

/// Flips one bit at a time, all over the file: what is read is what was written, or an error.
#[test]
fn a_flipped_bit_never_changes_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let run = write_run(&Sqlite::open(&path).unwrap(), 60);
    let expected = Sqlite::open(&path).unwrap().read(run, 0).unwrap();
    sql(&path, "PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = fs::read(&path).unwrap();
    let mut n_noticed = 0;
    for place in (0..whole.len()).step_by(97) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        let copy = folder.path().join("flipped.db");
        fs::write(&copy, flipped).unwrap();
        match Sqlite::open(&copy).and_then(|store| store.read(run, 0)) {
            Ok(entries) if entries == expected => {}
            Ok(entries) => panic!("bit at {place} lost {} entries", expected.len() - entries.len()),
            Err(error) => {
                n_noticed += 1;
                assert!(error.code().starts_with("P20"), "{error}");
            }
        }
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{ending}", copy.display()));
        }
    }
    assert!(n_noticed > 20, "{n_noticed}");
}

#[test]
fn a_truncated_store_is_an_error_or_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let run = write_run(&Sqlite::open(&path).unwrap(), 60);
    let expected = Sqlite::open(&path).unwrap().read(run, 0).unwrap();
    sql(&path, "PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = fs::read(&path).unwrap();
    for len in (1..whole.len()).step_by(1000) {
        let copy = folder.path().join(format!("cut-{len}.db"));
        fs::write(&copy, &whole[..len]).unwrap();
        match Sqlite::open(&copy).and_then(|store| store.read(run, 0)) {
            Ok(entries) => assert!(entries == expected, "cut to {len}: {} entries", entries.len()),
            Err(error) => assert!(error.code().starts_with("P20"), "{error}"),
        }
    }
}

/// The child appends and reports each acknowledged entry; the parent kills it in the middle.
#[test]
fn what_was_acknowledged_survives_sigkill() {
    if let Some(path) = as_child("SIGKILL") {
        let store = Sqlite::open(path).unwrap();
        let mut runs: Vec<_> = (0..8).map(|_| start(&store)).collect();
        loop {
            for (claim, log) in &mut runs {
                append(&store, claim, log.batch(vec![draft(Kind::Answer, "e", "x")])).unwrap();
                println!("acked {} {}", log.run(), log.next_seq());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    for round in 0..10 {
        let said = killed_child("what_was_acknowledged_survives_sigkill", &path, round);
        let store = Sqlite::open(&path).unwrap();
        for line in said.lines().filter_map(|line| line.strip_prefix("acked ")) {
            let (run, n_entries) = line.split_once(' ').unwrap();
            let read = store.read(run.parse().unwrap(), 0).unwrap();
            assert!(read.len() as u64 >= n_entries.parse().unwrap(), "{line}: {}", read.len());
        }
        for run in store.unfinished().unwrap() {
            assert!(!store.is_claimed(run.run).unwrap(), "a dead owner keeps {}", run.run);
            store.read(run.run, 0).unwrap();
        }
    }
}

/// What the child said before it was killed, complete lines only.
fn killed_child(test: &str, path: &Path, round: u64) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("PRISM_JOURNAL_CHILD", format!("SIGKILL={}", path.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    std::thread::sleep(Duration::from_millis(40 + round * 7));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    said.rsplit_once('\n').map_or(String::new(), |(lines, _)| lines.to_owned())
}

const FULL: &str = "a_full_disk_stops_the_run_and_keeps_what_was_acknowledged";

/// The child may write files of 200 KiB only, or has a disk of that size: it is full in the
/// middle of its work.
#[test]
fn a_full_disk_stops_the_run_and_keeps_what_was_acknowledged() {
    if let Some(path) = as_child("FULL") {
        return fill_the_disk(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (run, n_acked, code) = filled("trap '' XFSZ && ulimit -f 400", &path).unwrap();
    assert_eq!(code, "P2007");
    let store = Sqlite::open(&path).unwrap();
    let entries = store.read(run, 0).unwrap();
    assert!(entries.len() >= n_acked, "{n_acked} acknowledged, {} there", entries.len());
    let claim = store.claim(run).unwrap();
    let mut log = Log::after(entries.last().unwrap());
    append(&store, &claim, log.batch(vec![draft(Kind::RunResumed, "", "")])).unwrap();

    // Only where the test may make a file system of its own.
    let small = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=200k tmpfs {}", small.path().display());
    if let Some((_, n_acked, code)) = filled(&mount, &small.path().join("journal.db")) {
        assert_eq!(code, "P2004");
        assert!(n_acked > 1);
    }
}

fn fill_the_disk(path: &Path) {
    let store = Sqlite::open(path).unwrap();
    let (claim, mut log) = start(&store);
    let mut n_acked = 1;
    let error = loop {
        let batch = log.batch(vec![draft(Kind::Answer, "e", vec![b'x'; 2000])]);
        match append(&store, &claim, batch) {
            Ok(()) => n_acked += 1,
            Err(error) => break error,
        }
    };
    let later = append(&store, &claim, log.batch(vec![draft(Kind::Answer, "e", "x")]));
    assert_eq!(later.unwrap_err().code(), error.code());
    drop((claim, store));
    assert!(Sqlite::open(path).unwrap().read(log.run(), 0).unwrap().len() >= n_acked);
    println!("\nacked {} {n_acked} {}", log.run(), error.code());
}

/// What the child said, after `before` was done in a shell with mounts of its own. `None`: that
/// is not allowed here.
fn filled(before: &str, path: &Path) -> Option<(RunId, usize, String)> {
    let exe = std::env::current_exe().unwrap();
    let command = format!("{before} && exec {} {FULL} --exact --nocapture", exe.display());
    let mut shell = match before.starts_with("mount") {
        true => {
            let mut unshare = Command::new("unshare");
            unshare.args(["--mount", "sh"]);
            unshare
        }
        false => Command::new("sh"),
    };
    let out = shell
        .args(["-c", &command])
        .env("PRISM_JOURNAL_CHILD", format!("FULL={}", path.display()))
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&out.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("acked "))?;
    let [run, n_acked, code] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    Some((run.parse().unwrap(), n_acked.parse().unwrap(), code.to_owned()))
}

/// A torn end of the write-ahead log loses the last step; damage before that is an error.
#[test]
fn a_torn_log_loses_its_end_and_a_broken_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = Sqlite::open(&path).unwrap();
    let (claim, mut log) = start(&store);
    for _ in 0..20 {
        append(&store, &claim, log.batch(vec![draft(Kind::Answer, "e", "x")])).unwrap();
    }
    let whole = fs::read(path.with_extension("db-wal")).unwrap();
    let expected = store.read(log.run(), 0).unwrap();
    let copy = folder.path().join("copy.db");
    let mut torn = whole.clone();
    let end = torn.len() - 100;
    torn[end..].fill(0);
    let read = read_with_log(&path, &copy, &torn, log.run()).unwrap();
    assert!(read == expected[..20]);

    let mut n_noticed = 0;
    for place in (0..whole.len()).step_by(1511) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        match read_with_log(&path, &copy, &flipped, log.run()) {
            Ok(read) => {
                assert!(read.len() >= 20, "bit at {place} of the log lost acknowledged entries");
                assert!(expected.starts_with(&read));
            }
            Err(error) => {
                n_noticed += 1;
                assert_eq!(error.code(), "P2002", "{error}");
            }
        }
    }
    assert!(n_noticed > 20, "{n_noticed}");
}

/// A log that was closed in good order has no torn end, so a flip anywhere in it is damage.
#[test]
fn a_flipped_bit_in_a_closed_log_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let run = write_run(&Sqlite::open(&path).unwrap(), 4);
    let whole = fs::read(path.with_extension("db-wal")).unwrap();
    let copy = folder.path().join("copy.db");
    fs::create_dir(copy.with_extension("db-locks")).unwrap();
    let note = |store: &Path| store.with_extension("db-locks").join("log-end");
    fs::copy(note(&path), note(&copy)).unwrap();
    assert_eq!(read_with_log(&path, &copy, &whole, run).unwrap().len(), 6);
    for place in (0..whole.len()).step_by(1511) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        let error = read_with_log(&path, &copy, &flipped, run).unwrap_err();
        assert_eq!(error.code(), "P2002", "bit at {place}: {error}");
    }
}

/// What a copy of the store holds when its write-ahead log is `log`.
fn read_with_log(path: &Path, copy: &Path, log: &[u8], run: RunId) -> Result<Vec<Entry>, Error> {
    for ending in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(copy.with_extension(ending));
    }
    fs::copy(path, copy).unwrap();
    fs::write(copy.with_extension("db-wal"), log).unwrap();
    Sqlite::open(copy).and_then(|store| store.read(run, 0))
}

#[test]
fn opening_is_quick() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    for name in ["new", "existing"] {
        let begin = Instant::now();
        drop(Sqlite::open(&path).unwrap());
        println!("{name} store opened and closed in {:?}", begin.elapsed());
    }
}
