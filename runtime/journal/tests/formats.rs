//! Large values as files, and stores that change their format.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

#[path = "support/server.rs"]
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use prism_journal::{
    Batch, Checkpoint, Digest, Entry, Kind, NextCheckpoint, Payload, Postgres, Reference, Removed,
    RunId, Sqlite, Store,
};
use rusqlite::Connection;
use support::{append, draft};

const LONG: usize = 100_000;

/// A run that has ended: its program is a blob of its own, its answer one of so many bytes.
fn write(store: &dyn Store, len: usize) -> (RunId, Reference) {
    let run = RunId::generate();
    let claim = store.claim(run).unwrap();
    let mut log = prism_journal::Log::new(run);
    let program = b"the program";
    let artifact = Reference::to(program);
    let beginning = format!("{{\"artifact\":{{\"hash\":\"{}\",\"len\":11}}}}", artifact.hash);
    let mut batch = log.batch(vec![draft(Kind::RunStarted, "", beginning)]);
    batch.blobs.push((artifact, (*program).into()));
    append(store, &claim, batch).unwrap();
    append(store, &claim, log.batch(vec![draft(Kind::Answer, "e", vec![b'x'; len])])).unwrap();
    append(store, &claim, log.batch(vec![draft(Kind::RunCompleted, "", "{}")])).unwrap();
    (run, Reference::to(&vec![b'x'; len]))
}

/// A run with a beginning, and a checkpoint before it.
fn write_checkpoint(store: &dyn Store) -> RunId {
    let mut log = prism_journal::Log::new(RunId::generate());
    let claim = store.claim(log.run()).unwrap();
    let kept = Checkpoint { seq: 0, prev: Digest::ZERO, bytes: (*b"kept").into() };
    let batch = log.batch(vec![draft(Kind::RunStarted, "", "{}")]);
    let checkpoint = NextCheckpoint::Put(kept);
    append(store, &claim, Batch { checkpoint, ..batch }).unwrap();
    log.run()
}

fn files(store: &Path) -> Vec<PathBuf> {
    let folder = PathBuf::from(format!("{}.blobs", store.display()));
    let inside = |folder: PathBuf| {
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path())
    };
    inside(folder).flat_map(inside).collect()
}

fn number(path: &Path, query: &str) -> i64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_large_value_is_a_file_that_is_checked_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let store = Sqlite::open(&path).unwrap();
    let (_, reference) = write(&store, LONG);
    write(&store, LONG);
    let kept = files(&path);
    assert_eq!(kept.len(), 1, "equal values are one file: {kept:?}");
    let hash = reference.hash.to_string();
    assert!(kept[0].ends_with(format!("{}/{}", &hash[..2], &hash[2..])), "{kept:?}");
    assert_eq!(fs::read(&kept[0]).unwrap(), vec![b'x'; LONG]);
    assert_eq!(store.blob(reference).unwrap().len(), LONG);

    let mut bytes = fs::read(&kept[0]).unwrap();
    bytes[LONG / 2] ^= 1;
    fs::write(&kept[0], &bytes).unwrap();
    assert_eq!(store.blob(reference).unwrap_err().code(), "P2006");
    fs::remove_file(&kept[0]).unwrap();
    assert_eq!(store.blob(reference).unwrap_err().code(), "P2006");
    // Whoever has the value again puts it back.
    write(&store, LONG);
    assert_eq!(store.blob(reference).unwrap().len(), LONG);
}

#[test]
fn files_go_with_their_runs_and_litter_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let store = Sqlite::open(&path).unwrap();
    let (one, reference) = write(&store, LONG);
    let (two, _) = write(&store, LONG);
    let litter = files(&path)[0].with_file_name("new-0123456789abcdef");
    fs::write(&litter, "half of a val").unwrap();
    assert_eq!(store.remove(&[one]).unwrap(), Removed { runs: 1, blobs: 0 });
    assert!(!litter.exists());
    assert_eq!(store.blob(reference).unwrap().len(), LONG);
    // The value, and the program that both had.
    assert_eq!(store.remove(&[two]).unwrap(), Removed { runs: 1, blobs: 2 });
    assert_eq!(files(&path), Vec::<PathBuf>::new());
}

#[test]
fn another_process_sees_that_a_run_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let (here, there) = (Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap());
    let (run, _) = write(&here, 10);
    assert_eq!(there.read(run, 0).unwrap().len(), 3);
    here.remove(&[run]).unwrap();
    assert_eq!((there.run(run).unwrap(), there.runs().unwrap()), (None, vec![]));
    assert_eq!(there.read(run, 0).unwrap(), vec![]);
    // Rows that come after are not taken for those that are gone.
    let (run, _) = write(&here, 10);
    assert_eq!(there.read(run, 0).unwrap(), here.read(run, 0).unwrap());
    let (run, _) = write(&there, 10);
    assert_eq!(here.read(run, 0).unwrap().len(), 3);
}

/// All that a store says of its runs, values included.
fn contents(store: &dyn Store) -> Vec<(Entry, Option<Digest>)> {
    let mut all = Vec::new();
    for record in store.runs().unwrap() {
        for entry in store.read(record.run, 0).unwrap() {
            let value = match entry.payload {
                Payload::Blob(reference) => Some(Digest::of(&store.blob(reference).unwrap())),
                Payload::Inline(_) => None,
            };
            all.push((entry, value));
        }
    }
    all
}

#[test]
fn a_file_goes_back_a_format_and_forth() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let store = Sqlite::open(&path).unwrap();
    let (one, large) = write(&store, LONG);
    let (two, small) = write(&store, 5_000);
    let standing = write_checkpoint(&store);
    let before = contents(&store);
    drop(store);

    let table = "SELECT count(*) FROM sqlite_schema WHERE name = 'checkpoints'";
    assert_eq!(number(&path, "SELECT count(*) FROM checkpoints"), 1);
    assert_eq!(Sqlite::migrate(&path, 3).unwrap(), 4);
    assert_eq!(number(&path, table), 0);
    let store = Sqlite::open(&path).unwrap();
    assert_eq!((number(&path, table), contents(&store)), (1, before.clone()));
    // What is derived is gone, and the journals are whole.
    assert_eq!(store.checkpoint(standing).unwrap(), None);
    assert_eq!(store.recover(&[standing])[0].clone().unwrap().entries.len(), 1);
    drop(store);

    assert_eq!(Sqlite::migrate(&path, 2).unwrap(), 4);
    assert_eq!(number(&path, "PRAGMA user_version"), 2);
    assert_eq!(number(&path, "SELECT count(*) FROM sqlite_schema WHERE name = 'place'"), 0);
    assert_eq!(files(&path).len(), 1);
    assert_eq!(contents(&Sqlite::open(&path).unwrap()), before);
    assert_eq!(number(&path, "PRAGMA user_version"), 4);

    assert_eq!(Sqlite::migrate(&path, 1).unwrap(), 4);
    assert_eq!(number(&path, "PRAGMA user_version"), 1);
    assert_eq!(files(&path), Vec::<PathBuf>::new());
    assert_eq!(number(&path, "SELECT count(*) FROM blobs WHERE length(bytes) > 0"), 3);
    assert_eq!(number(&path, "SELECT count(*) FROM sqlite_schema WHERE name = 'uses'"), 0);
    let required = "SELECT \"notnull\" FROM pragma_table_info('blobs') WHERE name = 'bytes'";
    assert_eq!(number(&path, required), 1);

    let store = Sqlite::open(&path).unwrap();
    assert_eq!(contents(&store), before);
    assert_eq!(number(&path, "PRAGMA user_version"), 4);
    // Who uses what was found out again: the program of both, and the answers of each.
    assert_eq!(store.remove(&[one]).unwrap(), Removed { runs: 1, blobs: 1 });
    assert_eq!(store.blob(large).unwrap_err().code(), "P2006");
    assert_eq!(store.blob(small).unwrap().len(), 5_000);
    assert_eq!(store.remove(&[two]).unwrap(), Removed { runs: 1, blobs: 2 });
    drop(store);
    assert_eq!(Sqlite::migrate(&path, 4).unwrap(), 4);
}

/// Whoever has the store open would go on with tables that are not there any more.
#[test]
fn a_store_that_somebody_uses_keeps_its_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let other = Sqlite::open(&path).unwrap();
    let (run, _) = write(&other, 10);
    assert_eq!(Sqlite::migrate(&path, 1).unwrap_err().code(), "P2003");
    assert_eq!(number(&path, "PRAGMA user_version"), 4);
    assert_eq!(other.read(run, 0).unwrap().len(), 3);
    write(&other, 10);
    drop(other);
    assert_eq!(Sqlite::migrate(&path, 1).unwrap(), 4);
}

/// The older Prism would go on with tables that are not there any more.
#[test]
fn an_older_store_that_somebody_uses_is_not_brought_forward() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let (run, _) = write(&Sqlite::open(&path).unwrap(), 10);
    let newest = Sqlite::migrate(&path, 1).unwrap();
    let older = Connection::open(&path).unwrap();
    older.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
    older.query_row("SELECT count(*) FROM runs", [], |row| row.get::<_, i64>(0)).unwrap();
    let opened = Sqlite::open_within(&path, Duration::from_millis(20));
    assert_eq!(opened.err().unwrap().code(), "P2003");
    assert_eq!(number(&path, "PRAGMA user_version"), 1);
    drop(older);
    assert_eq!(Sqlite::open(&path).unwrap().read(run, 0).unwrap().len(), 3);
    assert_eq!(number(&path, "PRAGMA user_version"), newest);
}

#[test]
fn an_older_store_may_be_opened_by_many_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let (run, _) = write(&Sqlite::open(&path).unwrap(), 10);
    let newest = Sqlite::migrate(&path, 1).unwrap();
    let open = || Sqlite::open(&path).unwrap().read(run, 0).unwrap().len();
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
        all.into_iter().for_each(|one| assert_eq!(one.join().unwrap(), 3));
    });
    assert_eq!(number(&path, "PRAGMA user_version"), newest);
}

#[test]
fn a_format_that_nobody_knows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    drop(Sqlite::open(&path).unwrap());
    for wanted in [0, 5] {
        assert_eq!(Sqlite::migrate(&path, wanted).unwrap_err().code(), "P2021");
    }
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 5").unwrap();
    drop(connection);
    assert_eq!(Sqlite::migrate(&path, 1).unwrap_err().code(), "P2001");
    assert_eq!(number(&path, "PRAGMA user_version"), 5);
    assert_eq!(Sqlite::migrate(folder.path().join("none.db"), 1).unwrap_err().code(), "P2007");
}

#[test]
fn a_database_goes_back_a_format_and_forth() {
    let server = server::Server::start();
    let (name, address) = server.database(10_000);
    assert_eq!(Postgres::migrate(&address, 1).unwrap_err().code(), "P2002");
    let store = Postgres::open(&address).unwrap();
    let (one, large) = write(&store, LONG);
    write(&store, 5_000);
    let standing = write_checkpoint(&store);
    let before = contents(&store);
    let claim = store.claim(RunId::generate()).unwrap();
    assert_eq!(Postgres::migrate(&address, 1).unwrap_err().code(), "P2003");
    drop(claim);
    drop(store);
    assert_eq!(Postgres::migrate(&address, 3).unwrap(), 4);
    assert!(server.sql(&name, "SELECT 1 / (to_regclass('prism_checkpoints') IS NULL)::int"));
    let store = Postgres::open(&address).unwrap();
    assert_eq!((store.checkpoint(standing).unwrap(), contents(&store)), (None, before.clone()));
    drop(store);
    assert_eq!(Postgres::migrate(&address, 2).unwrap(), 4);
    assert!(server.sql(&name, "SELECT 1 / (to_regclass('prism_place') IS NULL)::int"));
    assert_eq!(contents(&Postgres::open(&address).unwrap()), before);
    assert_eq!(Postgres::migrate(&address, 1).unwrap(), 4);
    assert!(server.sql(&name, "SELECT 1 / (to_regclass('prism_uses') IS NULL)::int"));
    let store = Postgres::open(&address).unwrap();
    assert_eq!(contents(&store), before);
    assert_eq!(store.remove(&[one]).unwrap(), Removed { runs: 1, blobs: 1 });
    assert_eq!(store.blob(large).unwrap_err().code(), "P2006");
    drop(store);
    for wanted in [0, 5] {
        assert_eq!(Postgres::migrate(&address, wanted).unwrap_err().code(), "P2021");
    }
    assert!(server.sql(&name, "UPDATE prism_format SET format = 5"));
    assert_eq!(Postgres::migrate(&address, 1).unwrap_err().code(), "P2001");
}
