//! What every store must do, run on each of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

#[path = "support/server.rs"]
mod server;

use std::sync::Arc;

use prism_journal::{
    Batch, Checkpoint, Digest, Draft, Entry, Error, Kind, Log, Memory, NextCheckpoint, Payload,
    Postgres, Recovered, Removed, RunId, Sqlite, StateKey, StateWrite, Status, Store,
};
use support::{append, draft, start as started, write_run};

type Case = fn(&dyn Store);

macro_rules! on_every_store {
    ($($case:ident),* $(,)?) => {
        mod memory {
            $(#[test] fn $case() { super::in_memory(super::$case); })*
        }
        mod sqlite {
            $(#[test] fn $case() { super::in_a_file(super::$case); })*
        }
        /// One server for all of them, each in a database of its own.
        #[test]
        fn postgres() {
            let server = server::Server::start();
            $(
                println!("{}", stringify!($case));
                let (_, address) = server.database(10_000);
                $case(&Postgres::open(&address).unwrap());
            )*
        }
    };
}

on_every_store! {
    entries_read_back_in_order,
    reading_starts_anywhere,
    a_long_payload_becomes_a_blob,
    a_missing_blob_is_named,
    a_run_has_one_owner,
    a_claim_ends_when_it_is_dropped,
    entries_must_follow_the_last_one,
    the_list_says_where_each_run_stands,
    state_is_written_with_its_entry,
    the_first_message_under_a_key_stays,
    many_runs_at_once,
    every_write_is_a_change,
    an_unknown_run_is_empty,
    the_first_entry_of_a_run_is_found,
    the_ends_of_runs_are_their_last_entries,
    many_journals_are_read_as_each_by_itself,
    a_run_is_read_from_its_checkpoint_on,
    ended_runs_are_removed_with_what_only_they_had,
    a_run_that_is_claimed_or_not_ended_stays,
}

fn in_memory(case: Case) {
    case(&Memory::new());
}

fn in_a_file(case: Case) {
    let folder = tempfile::tempdir().unwrap();
    case(&Sqlite::open(folder.path().join("deep/er/journal.db")).unwrap());
}

/// Runs of different lengths whose entries lie between each other, one far behind the others, and
/// one that nobody knows.
fn many_journals_are_read_as_each_by_itself(store: &dyn Store) {
    let early = write_run(store, 3);
    let between = write_run(store, 100);
    let mut open: Vec<_> = (0..5).map(|_| started(store)).collect();
    for round in 0..20 {
        for (place, (claim, log)) in open.iter_mut().enumerate() {
            if round < 4 * (place + 1) {
                let effect = format!("main/step#{round}");
                append(store, claim, log.batch(vec![draft(Kind::Answer, &effect, "x")])).unwrap();
            }
        }
    }
    let mut runs: Vec<RunId> = open.iter().map(|(_, log)| log.run()).collect();
    runs.extend([RunId::generate(), early]);
    let journals = store.recover(&runs);
    let counts: Vec<usize> =
        journals.iter().map(|journal| journal.clone().unwrap().entries.len()).collect();
    assert_eq!(counts, [5, 9, 13, 17, 21, 0, 5]);
    for (run, journal) in runs.iter().zip(journals) {
        let whole = |entries| Recovered { checkpoint: None, entries };
        assert_eq!(journal, store.read(*run, 0).map(whole));
    }
    assert_eq!(store.read(between, 0).unwrap().len(), 102);
    assert_eq!(store.recover(&[]), []);
}

/// A checkpoint before the next entry that a log gives.
fn checkpoint(log: &Log, bytes: &[u8]) -> Checkpoint {
    Checkpoint { seq: log.next_seq(), prev: log.prev(), bytes: bytes.into() }
}

fn answers(log: &mut Log, next: NextCheckpoint, n_answers: u64) -> Batch {
    let effect = |place: u64| format!("main/step#{}", log.next_seq() + place);
    let drafts = (0..n_answers).map(|place| draft(Kind::Answer, &effect(place), "x")).collect();
    Batch { checkpoint: next, ..log.batch(drafts) }
}

/// Runs with checkpoints, alone and as many as are read together: each is read from there on, and
/// from the beginning where its journal does not go on from there.
fn a_run_is_read_from_its_checkpoint_on(store: &dyn Store) {
    let mut runs: Vec<_> = (0..20).map(|_| started(store)).collect();
    let mut expected = Vec::new();
    for (place, (claim, log)) in runs.iter_mut().enumerate() {
        append(store, claim, answers(log, NextCheckpoint::Keep, 3)).unwrap();
        let first = checkpoint(log, b"first");
        append(store, claim, answers(log, NextCheckpoint::Put(first), 2)).unwrap();
        let second = checkpoint(log, b"second");
        let (kept, from) = match place {
            // Of another journal, and beyond the end of this one.
            0 => (Checkpoint { prev: Digest::of(b"other"), ..second.clone() }, 0),
            1 => (Checkpoint { seq: 1_000, ..second.clone() }, 0),
            2 => (Checkpoint { seq: u64::MAX, ..second.clone() }, 0),
            // Before the first entry.
            3 => (checkpoint(&Log::new(log.run()), b"none"), 0),
            _ => (second.clone(), 6),
        };
        append(store, claim, answers(log, NextCheckpoint::Put(kept.clone()), 4)).unwrap();
        assert_eq!(store.checkpoint(log.run()).unwrap(), Some(kept.clone()));
        let is_used = from > 0 || place == 3;
        expected.push((from, is_used.then_some(kept)));
    }
    let names: Vec<RunId> = runs.iter().map(|(_, log)| log.run()).collect();
    let together = store.recover(&names);
    for (place, (run, recovered)) in names.iter().zip(together).enumerate() {
        let (from, kept) = &expected[place];
        let entries = store.read(*run, *from).unwrap();
        assert_eq!(recovered, Ok(Recovered { checkpoint: kept.clone(), entries }), "{place}");
        assert_eq!(store.recover(&[*run]), [recovered], "{place}");
    }
    // The last batch of a run takes it away, and so does who removes the run.
    let end = |log: &mut Log, checkpoint| Batch {
        checkpoint,
        ..log.batch(vec![draft(Kind::RunCompleted, "", "{}")])
    };
    for (place, next) in [(4, NextCheckpoint::Drop), (5, NextCheckpoint::Keep)] {
        let (claim, log) = &mut runs[place];
        append(store, claim, end(log, next)).unwrap();
        assert_eq!(store.checkpoint(log.run()).unwrap().is_some(), place == 5);
    }
    runs.truncate(5);
    assert_eq!(store.remove(&[names[5]]).unwrap().runs, 1);
    assert_eq!(store.checkpoint(names[5]).unwrap(), None);
    assert!(store.checkpoint(names[6]).unwrap().is_some());
}

fn the_ends_of_runs_are_their_last_entries(store: &dyn Store) {
    let (_one, short) = started(store);
    let (claim, mut log) = started(store);
    let batch = log.batch(vec![
        draft(Kind::AttemptStarted, "main/a#0", "one"),
        draft(Kind::Answer, "main/a#0", vec![b'x'; 5_000]),
    ]);
    let last = batch.entries[1].clone();
    append(store, &claim, batch).unwrap();
    let ends = store.ends(&[log.run(), short.run()]).unwrap();
    assert_eq!(ends[0], last);
    assert_eq!(ends[1..], store.read(short.run(), 0).unwrap());
    assert_eq!(store.ends(&[]).unwrap(), []);
    assert_eq!(store.ends(&[RunId::generate()]).unwrap_err().code(), "P2005");
}

fn kinds(entries: &[Entry]) -> Vec<Kind> {
    entries.iter().map(|entry| entry.kind).collect()
}

fn entries_read_back_in_order(store: &dyn Store) {
    let (claim, mut log) = started(store);
    let batch = log.batch(vec![
        draft(Kind::AttemptStarted, "main/a#0", "one"),
        draft(Kind::Answer, "main/a#0", "two"),
    ]);
    let written = batch.entries.clone();
    append(store, &claim, batch).unwrap();
    let read = store.read(log.run(), 0).unwrap();
    assert_eq!(kinds(&read), [Kind::RunStarted, Kind::AttemptStarted, Kind::Answer]);
    assert_eq!(read[1..], written);
    assert_eq!(read[1].prev, read[0].hash);
}

fn reading_starts_anywhere(store: &dyn Store) {
    let (claim, mut log) = started(store);
    for number in 0..20 {
        let batch = log.batch(vec![draft(Kind::Answer, &format!("e{number}"), "x")]);
        append(store, &claim, batch).unwrap();
    }
    for from in 0..25 {
        let read = store.read(log.run(), from).unwrap();
        let expected: Vec<u64> = (from..21).collect();
        assert_eq!(read.iter().map(|entry| entry.seq).collect::<Vec<_>>(), expected);
    }
}

fn a_long_payload_becomes_a_blob(store: &dyn Store) {
    let (claim, mut log) = started(store);
    let long: Vec<u8> = (0..100_000u32).map(|byte| byte as u8).collect();
    let batch = log.batch(vec![
        draft(Kind::Answer, "long", long.clone()),
        draft(Kind::Answer, "again", long.clone()),
    ]);
    append(store, &claim, batch).unwrap();
    for entry in store.read(log.run(), 1).unwrap() {
        let Payload::Blob(reference) = entry.payload else { panic!("{entry:?}") };
        assert_eq!(reference.len, 100_000);
        assert_eq!(*store.blob(reference).unwrap(), long);
    }
}

fn a_missing_blob_is_named(store: &dyn Store) {
    let reference = prism_journal::Reference::to(b"nobody stored this");
    let error = store.blob(reference).unwrap_err();
    assert_eq!(error.code(), "P2006");
    assert!(error.to_string().contains(&reference.hash.to_string()));
}

fn a_run_has_one_owner(store: &dyn Store) {
    let run = RunId::generate();
    assert!(!store.is_claimed(run).unwrap());
    let _claim = store.claim(run).unwrap();
    assert!(store.is_claimed(run).unwrap());
    assert_eq!(store.claim(run).unwrap_err(), Error::Claimed { run });
    store.claim(RunId::generate()).unwrap();
}

fn a_claim_ends_when_it_is_dropped(store: &dyn Store) {
    let run = RunId::generate();
    drop(store.claim(run).unwrap());
    assert!(!store.is_claimed(run).unwrap());
    store.claim(run).unwrap();
}

fn entries_must_follow_the_last_one(store: &dyn Store) {
    let (claim, mut log) = started(store);
    let mut stale = log.clone();
    append(store, &claim, log.batch(vec![draft(Kind::Answer, "a", "x")])).unwrap();
    let error = append(store, &claim, stale.batch(vec![draft(Kind::Answer, "b", "x")]));
    assert_eq!(error, Err(Error::OutOfOrder { run: log.run(), seq: 1 }));
    append(store, &claim, log.batch(vec![draft(Kind::Answer, "c", "x")])).unwrap();
    assert_eq!(store.read(log.run(), 0).unwrap().len(), 3);
}

fn the_list_says_where_each_run_stands(store: &dyn Store) {
    let ends = [
        (vec![], Status::Running),
        (vec![Kind::Waiting], Status::Waiting),
        (vec![Kind::Waiting, Kind::Answer], Status::Waiting),
        (vec![Kind::Waiting, Kind::Waiting, Kind::Decision], Status::Waiting),
        (vec![Kind::Waiting, Kind::Decision], Status::Running),
        (vec![Kind::RunInterrupted], Status::Interrupted),
        (vec![Kind::RunInterrupted, Kind::RunResumed], Status::Running),
        (vec![Kind::RunCompleted], Status::Completed),
        (vec![Kind::RunFailed], Status::Failed),
        (vec![Kind::RunCancelled], Status::Cancelled),
    ];
    let mut expected = Vec::new();
    for (kinds, status) in ends {
        let (claim, mut log) = started(store);
        for kind in kinds {
            append(store, &claim, log.batch(vec![draft(kind, "e", "")])).unwrap();
        }
        expected.push((log.run(), status, log.next_seq() - 1));
    }
    let runs = store.runs().unwrap();
    let found: Vec<_> = runs.iter().map(|run| (run.run, run.status, run.last_seq)).collect();
    assert_eq!(found, expected);
    assert_eq!(store.unfinished().unwrap().len(), 7);
    assert_eq!(store.run(runs[1].run).unwrap().as_ref(), Some(&runs[1]));
}

fn state_is_written_with_its_entry(store: &dyn Store) {
    let (claim, mut log) = started(store);
    let at = StateKey { scope: "shared".into(), key: "count".into() };
    assert_eq!(store.state(&at).unwrap(), None);
    for value in ["1", "2"] {
        let mut batch = log.batch(vec![draft(Kind::Answer, "set", value)]);
        batch.state.push(StateWrite { at: at.clone(), value: value.as_bytes().into() });
        append(store, &claim, batch).unwrap();
        assert_eq!(store.state(&at).unwrap().as_deref(), Some(value.as_bytes()));
    }
    let mut refused = Log::new(log.run()).batch(vec![draft(Kind::Answer, "set", "3")]);
    refused.state.push(StateWrite { at: at.clone(), value: Arc::from(*b"3") });
    append(store, &claim, refused).unwrap_err();
    assert_eq!(store.state(&at).unwrap().as_deref(), Some(&b"2"[..]));
}

fn the_first_message_under_a_key_stays(store: &dyn Store) {
    let (run, other) = (RunId::generate(), RunId::generate());
    assert!(store.post(run, "main/approve#0", b"yes").unwrap());
    assert!(!store.post(run, "main/approve#0", b"no").unwrap());
    assert!(store.post(other, "main/approve#0", b"no").unwrap());
    assert!(store.post(run, "main/approve#1", b"later").unwrap());
    let bodies = |run, after| -> Vec<Vec<u8>> {
        let messages = store.messages(run, after).unwrap();
        messages.iter().map(|message| message.body.to_vec()).collect()
    };
    assert_eq!(bodies(Some(run), 0), [b"yes".to_vec(), b"later".to_vec()]);
    assert_eq!(bodies(None, 0).len(), 3);
    let first = store.messages(None, 0).unwrap()[0].number;
    assert_eq!(bodies(None, first), [b"no".to_vec(), b"later".to_vec()]);
    let body = |run, key| store.message(run, key).unwrap().map(|message| message.body.to_vec());
    assert_eq!(body(run, "main/approve#0"), Some(b"yes".to_vec()));
    assert_eq!(body(other, "main/approve#0"), Some(b"no".to_vec()));
    assert_eq!(body(other, "main/approve#1"), None);
    assert_eq!(body(RunId::generate(), "main/approve#0"), None);
}

/// Runs that begin behind each other's entries, and one by a clock that is an hour behind.
fn the_first_entry_of_a_run_is_found(store: &dyn Store) {
    let (claim, mut log) = started(store);
    let mut firsts = vec![store.read(log.run(), 0).unwrap().remove(0)];
    for _ in 0..5 {
        let entries = (0..20).map(|_| draft(Kind::Event, "", "told")).collect();
        append(store, &claim, log.batch(entries)).unwrap();
        let (_claim, other) = started(store);
        firsts.push(store.read(other.run(), 0).unwrap().remove(0));
    }
    let mut late = Log::new(RunId::generate());
    let begins = draft(Kind::RunStarted, "", "{}");
    let hour = 3_600_000_000;
    let begins = Draft { time: Some(firsts[0].time - hour), ..begins };
    let batch = late.batch(vec![begins, draft(Kind::Event, "", "told")]);
    firsts.push(batch.entries[0].clone());
    append(store, &store.claim(late.run()).unwrap(), batch).unwrap();
    for first in firsts {
        assert_eq!(store.first(first.run).unwrap(), Some(first));
    }
    assert_eq!(store.first(RunId::generate()).unwrap(), None);
}

fn many_runs_at_once(store: &dyn Store) {
    let n_runs = 16;
    std::thread::scope(|scope| {
        for _ in 0..n_runs {
            scope.spawn(|| {
                let (claim, mut log) = started(store);
                for number in 0..50 {
                    let effect = format!("main/step#{number}");
                    let batch = log.batch(vec![draft(Kind::Answer, &effect, "x")]);
                    append(store, &claim, batch).unwrap();
                }
                assert_eq!(store.read(log.run(), 0).unwrap().len(), 51);
            });
        }
    });
    let runs = store.runs().unwrap();
    assert_eq!(runs.len(), n_runs);
    assert!(runs.iter().all(|run| run.last_seq == 50));
}

#[test]
fn nothing_is_no_change_where_nobody_else_writes() {
    let case: Case = |store| {
        drop(started(store));
        assert_eq!(store.changes().unwrap(), store.changes().unwrap());
    };
    in_memory(case);
    in_a_file(case);
}

fn every_write_is_a_change(store: &dyn Store) {
    let mut seen = store.changes().unwrap();
    // A server has work of its own, which a snapshot shows; but not all the time.
    assert!((0..100).any(|_| {
        let changes = store.changes().unwrap();
        std::mem::replace(&mut seen, changes) == changes
    }));
    let (claim, mut log) = started(store);
    let mut expect_change = || {
        let changes = store.changes().unwrap();
        assert_ne!(std::mem::replace(&mut seen, changes), changes);
    };
    expect_change();
    append(store, &claim, log.batch(vec![draft(Kind::Answer, "e", "x")])).unwrap();
    expect_change();
    store.post(log.run(), "e", b"x").unwrap();
    expect_change();
}

fn an_unknown_run_is_empty(store: &dyn Store) {
    let run = RunId::generate();
    assert_eq!(store.read(run, 0).unwrap(), []);
    assert_eq!(store.run(run).unwrap(), None);
}

/// A run that has ended, with a long answer, state of its own and a message.
fn ended(store: &dyn Store, answer: &str) -> RunId {
    let (claim, mut log) = started(store);
    let run = log.run();
    let mut batch = log.batch(vec![draft(Kind::Answer, "e", answer)]);
    let at = StateKey { scope: run.to_string().into(), key: "k".into() };
    batch.state.push(StateWrite { at, value: Arc::from(&b"v"[..]) });
    append(store, &claim, batch).unwrap();
    store.post(run, "key", b"message").unwrap();
    append(store, &claim, log.batch(vec![draft(Kind::RunCompleted, "", "done")])).unwrap();
    run
}

fn ended_runs_are_removed_with_what_only_they_had(store: &dyn Store) {
    let long = "long ".repeat(40_000);
    let (one, two) = (ended(store, &long), ended(store, &long));
    let reference = match store.read(one, 1).unwrap()[0].payload {
        Payload::Blob(reference) => reference,
        Payload::Inline(_) => panic!("a long answer is a blob"),
    };
    let removed = store.remove(&[one, RunId::generate()]).unwrap();
    assert_eq!(removed, Removed { runs: 1, blobs: 0 });
    assert_eq!((store.run(one).unwrap(), store.read(one, 0).unwrap()), (None, vec![]));
    assert_eq!(store.messages(Some(one), 0).unwrap(), []);
    let at = StateKey { scope: one.to_string().into(), key: "k".into() };
    assert_eq!(store.state(&at).unwrap(), None);
    // The other run has all that it had.
    assert_eq!(store.read(two, 0).unwrap().len(), 3);
    assert_eq!(*store.blob(reference).unwrap(), *long.as_bytes());
    assert_eq!(store.messages(Some(two), 0).unwrap().len(), 1);
    assert_eq!(store.runs().unwrap().len(), 1);

    assert_eq!(store.remove(&[two]).unwrap(), Removed { runs: 1, blobs: 1 });
    assert_eq!(store.blob(reference).unwrap_err().code(), "P2006");
    assert_eq!(store.runs().unwrap(), []);
    // What comes after is kept as ever.
    let three = ended(store, &long);
    assert_eq!(store.read(three, 0).unwrap().len(), 3);
    assert_eq!(*store.blob(reference).unwrap(), *long.as_bytes());
}

fn a_run_that_is_claimed_or_not_ended_stays(store: &dyn Store) {
    let (claim, log) = started(store);
    drop(claim);
    assert_eq!(store.remove(&[log.run()]).unwrap(), Removed::default());
    let run = ended(store, "short");
    let claim = store.claim(run).unwrap();
    assert_eq!(store.remove(&[run]).unwrap(), Removed::default());
    drop(claim);
    assert_eq!(store.remove(&[run]).unwrap(), Removed { runs: 1, blobs: 0 });
    assert_eq!(store.runs().unwrap().len(), 1);
}
