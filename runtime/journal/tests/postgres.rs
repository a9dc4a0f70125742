//! PostgreSQL as a store of several machines: leases, fences, lost connections, crashes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

#[path = "support/server.rs"]
mod server;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use prism_journal::{Error, Kind, Log, Postgres, RunId, Status, Store};
use server::Server;
use support::{append, draft, start, write_run};

fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "it never happened: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_no_store_is_refused_by_name() {
    let server = Server::start();
    let (name, address) = server.database(10_000);
    drop(Postgres::open(&address).unwrap());
    assert!(server.sql(&name, "UPDATE prism_format SET format = 99"));
    let code = |address: &str| Postgres::open(address).err().map(|error| error.code());
    assert_eq!(code(&address), Some("P2001"));
    assert_eq!(code("postgres://nobody@/none?host=/nowhere"), Some("P2007"));
    assert_eq!(code("postgres://x?y=z"), Some("P2007"));

    // A store that somebody wrote into is damaged where it was changed.
    let (name, address) = server.database(10_000);
    let store = Postgres::open(&address).unwrap();
    let changes = [
        ("UPDATE prism_entries SET payload = 'odd' WHERE seq = 1", 1, true),
        ("DELETE FROM prism_entries WHERE seq = 2", 2, false),
        ("DELETE FROM prism_entries WHERE seq = 4", 4, false),
        ("UPDATE prism_entries SET seq = 7 - seq WHERE seq IN (3, 4)", 3, true),
    ];
    for (sql, seq, is_changed) in changes {
        let run = write_run(&store, 3);
        let moved = "ALTER TABLE prism_entries DROP CONSTRAINT prism_entries_pkey";
        let _ = server.sql(&name, moved);
        assert!(server.sql(&name, sql));
        let error = store.read(run, 0).unwrap_err();
        let expected =
            if is_changed { Error::Changed { run, seq } } else { Error::Missing { run, seq } };
        assert_eq!(error, expected, "{sql}");
        assert!(server.sql(&name, "TRUNCATE prism_entries, prism_runs"));
    }
}

/// The child of `a_process_that_only_seemed_dead_writes_nothing`: writes until it may not.
#[test]
fn child_that_writes() {
    let Some(address) = support::as_child("writer") else { return };
    let store = Postgres::open(address.to_str().unwrap()).unwrap();
    let (claim, mut log) = start(&store);
    println!("run {}", log.run());
    loop {
        let batch = log.batch(vec![draft(Kind::Answer, "child", "child")]);
        let mut outcome = append(&store, &claim, batch.clone());
        // The server ended its connection, because it was stopped inside a transaction: it tries
        // again, as no engine would, and is refused then.
        while outcome.as_ref().is_err_and(|error| error.code() == "P2007") {
            outcome = append(&store, &claim, batch.clone());
        }
        if let Err(error) = outcome {
            println!("refused {}", error.code());
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn child(address: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child_that_writes", "--exact", "--nocapture"])
        .env("PRISM_JOURNAL_CHILD", format!("writer={address}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

#[test]
fn a_process_that_only_seemed_dead_writes_nothing() {
    let server = Server::start();
    let (_, address) = server.database(400);
    let store = Postgres::open(&address).unwrap();
    for (n_before, last) in ["-CONT", "-KILL"].into_iter().enumerate() {
        let child = child(&address);
        let run = eventually("the child writes", || {
            let run = store.unfinished().unwrap().into_iter().next();
            run.filter(|run| run.last_seq > 3).map(|run| run.run)
        });
        assert_eq!(store.claim(run).unwrap_err(), Error::Claimed { run });
        // Its heart beats: however long its lease is, the run stays its own.
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(1000) {
            assert_eq!(store.claim(run).unwrap_err(), Error::Claimed { run });
        }
        signal(&child, "-STOP");
        let claim = eventually("the lease ends", || store.claim(run).ok());
        let entries = store.read(run, 0).unwrap();
        let mut log = Log::after(entries.last().unwrap());
        append(&store, &claim, log.batch(vec![draft(Kind::Answer, "parent", "parent")])).unwrap();
        signal(&child, last);
        let said = child.wait_with_output().unwrap();
        if last == "-CONT" {
            let said = String::from_utf8(said.stdout).unwrap();
            assert!(said.contains("refused P2009"), "{said}");
        }
        append(&store, &claim, log.batch(vec![draft(Kind::RunCompleted, "", "{}")])).unwrap();
        let after = store.read(run, 0).unwrap();
        assert_eq!(after[..entries.len()], entries);
        assert_eq!(after.len(), entries.len() + 2, "only its new owner wrote");
        assert_eq!(store.runs().unwrap().len(), n_before + 1);
        drop(claim);
        assert!(!store.is_claimed(run).unwrap());
    }
}

#[test]
fn what_was_acknowledged_survives_a_crash_of_the_server() {
    let mut server = Server::start();
    let (name, address) = server.database(10_000);
    let store = Postgres::open(&address).unwrap();
    let run = write_run(&store, 20);
    let (claim, mut log) = start(&store);

    // A connection that is cut is made anew; a batch that it took along is reported.
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = 'prism' AND pid <> pg_backend_pid()";
    assert!(server.sql(&name, cut));
    assert_eq!(
        store
            .read(run, 0)
            .map(|entries| entries.len())
            .ok()
            .unwrap_or_else(|| { store.read(run, 0).unwrap().len() }),
        22
    );
    let batch = log.clone().batch(vec![draft(Kind::Answer, "a", "x")]);
    if append(&store, &claim, batch.clone()).is_err() {
        append(&store, &claim, batch).unwrap();
    }
    log = Log::after(store.read(log.run(), 0).unwrap().last().unwrap());

    server.crash();
    let error = append(&store, &claim, log.clone().batch(vec![draft(Kind::Answer, "b", "x")]));
    assert_eq!(error.unwrap_err().code(), "P2007");
    server.go_up();
    assert_eq!(eventually("the reader is back", || store.read(run, 0).ok()).len(), 22);
    append(&store, &claim, log.batch(vec![draft(Kind::RunCompleted, "", "{}")])).unwrap();
    assert!(store.runs().unwrap().iter().all(|run| run.status == Status::Completed));
}

/// Eight processes' worth of stores claim the same runs: each is taken by one of them.
#[test]
fn a_run_is_taken_once_however_many_try() {
    let server = Server::start();
    let (_, address) = server.database(10_000);
    let runs: Vec<RunId> = (0..50).map(|_| RunId::generate()).collect();
    let stores: Vec<Postgres> = (0..8).map(|_| Postgres::open(&address).unwrap()).collect();
    let taken: Vec<Vec<RunId>> = std::thread::scope(|scope| {
        let threads: Vec<_> = stores
            .iter()
            .map(|store| {
                let runs = &runs;
                scope.spawn(move || {
                    let claims: Vec<_> =
                        runs.iter().filter_map(|run| store.claim(*run).ok()).collect();
                    claims
                        .into_iter()
                        .map(|claim| {
                            let run = claim.run();
                            // Kept until all have tried.
                            std::mem::forget(claim);
                            run
                        })
                        .collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut all: Vec<RunId> = taken.into_iter().flatten().collect();
    all.sort();
    assert_eq!(all, runs);
}
