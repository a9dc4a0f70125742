//! Large values at a place elsewhere, in stores of both kinds.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

#[path = "support/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use prism_journal::{
    Claim, Digest, Error, Kind, Log, Postgres, Reach, Reference, Removed, RunId, Sqlite, Store,
    Values,
};
use support::{append, draft};

/// Values of so many bytes are kept outside: 64 KiB.
const LARGE: usize = 65_536;

type Held = BTreeMap<Digest, Vec<u8>>;

/// Places far away by their addresses, with what they hold. They can be out of reach.
#[derive(Clone, Default)]
struct World {
    places: Arc<Mutex<BTreeMap<String, Held>>>,
    is_down: Arc<Mutex<bool>>,
}

struct Far {
    world: World,
    address: String,
}

impl World {
    fn reach(&self) -> impl Fn(&str) -> Result<Arc<dyn Values>, Error> + '_ {
        |address| Ok(Arc::new(Far { world: self.clone(), address: address.to_owned() }))
    }

    fn lengths(&self, address: &str) -> Vec<usize> {
        let places = self.places.lock().unwrap();
        places.get(address).into_iter().flatten().map(|(_, bytes)| bytes.len()).collect()
    }
}

impl Far {
    fn with<T>(&self, work: impl FnOnce(&mut Held) -> T) -> Result<T, Error> {
        if *self.world.is_down.lock().unwrap() {
            let path = PathBuf::from(&self.address);
            return Err(Error::Unreachable { path, detail: "nobody answers".to_owned() });
        }
        Ok(work(self.world.places.lock().unwrap().entry(self.address.clone()).or_default()))
    }
}

impl Values for Far {
    fn put(&self, hash: Digest, bytes: &[u8]) -> Result<(), Error> {
        self.with(|held| drop(held.insert(hash, bytes.to_vec())))
    }

    fn get(&self, hash: Digest) -> Result<Option<Vec<u8>>, Error> {
        self.with(|held| held.get(&hash).cloned())
    }

    fn sweep(&self, is_known: &mut dyn FnMut(Digest) -> bool) -> Result<(), Error> {
        self.with(|held| held.retain(|hash, _| is_known(*hash)))
    }
}

/// One store, by its address.
trait Address {
    fn open(&self, reach: Reach<'_>) -> Result<Box<dyn Store>, Error>;
    fn open_alone(&self) -> Result<Box<dyn Store>, Error>;
    fn place(&self) -> Option<String>;
    fn move_values(&self, to: Option<&str>, reach: Reach<'_>) -> Result<u64, Error>;
    fn migrate(&self, to: i64) -> Result<i64, Error>;
}

struct File(PathBuf);

impl Address for File {
    fn open(&self, reach: Reach<'_>) -> Result<Box<dyn Store>, Error> {
        Ok(Box::new(Sqlite::open_reaching(&self.0, reach)?))
    }

    fn open_alone(&self) -> Result<Box<dyn Store>, Error> {
        Ok(Box::new(Sqlite::open(&self.0)?))
    }

    fn place(&self) -> Option<String> {
        Sqlite::place(&self.0).unwrap()
    }

    fn move_values(&self, to: Option<&str>, reach: Reach<'_>) -> Result<u64, Error> {
        Sqlite::move_values(&self.0, to, reach)
    }

    fn migrate(&self, to: i64) -> Result<i64, Error> {
        Sqlite::migrate(&self.0, to)
    }
}

struct Database(String);

impl Address for Database {
    fn open(&self, reach: Reach<'_>) -> Result<Box<dyn Store>, Error> {
        Ok(Box::new(Postgres::open_reaching(&self.0, reach)?))
    }

    fn open_alone(&self) -> Result<Box<dyn Store>, Error> {
        Ok(Box::new(Postgres::open(&self.0)?))
    }

    fn place(&self) -> Option<String> {
        Postgres::place(&self.0).unwrap()
    }

    fn move_values(&self, to: Option<&str>, reach: Reach<'_>) -> Result<u64, Error> {
        Postgres::move_values(&self.0, to, reach)
    }

    fn migrate(&self, to: i64) -> Result<i64, Error> {
        Postgres::migrate(&self.0, to)
    }
}

/// A run whose only answer has so many bytes of one kind.
fn answered(store: &dyn Store, byte: u8, len: usize) -> (RunId, Claim, Log, Reference) {
    let run = RunId::generate();
    let claim = store.claim(run).unwrap();
    let mut log = Log::new(run);
    append(store, &claim, log.batch(vec![draft(Kind::RunStarted, "", "{}")])).unwrap();
    append(store, &claim, log.batch(vec![draft(Kind::Answer, "e", vec![byte; len])])).unwrap();
    (run, claim, log, Reference::to(&vec![byte; len]))
}

fn ended(store: &dyn Store, byte: u8, len: usize) -> (RunId, Reference) {
    let (run, claim, mut log, reference) = answered(store, byte, len);
    append(store, &claim, log.batch(vec![draft(Kind::RunCompleted, "", "{}")])).unwrap();
    (run, reference)
}

fn check(address: &dyn Address) {
    let world = World::default();
    let reach = world.reach();
    let store = address.open(&reach).unwrap();
    let (first, old) = ended(&*store, b'a', LARGE);
    drop(store);
    assert_eq!(address.place(), None);

    // What was there moves along; smaller values stay where they are.
    assert_eq!(address.move_values(Some("far:1"), &reach).unwrap(), 1);
    assert_eq!(address.place(), Some("far:1".to_owned()));
    let store = address.open(&reach).unwrap();
    let (second, large) = ended(&*store, b'b', LARGE + 1);
    let (_, small) = ended(&*store, b'c', LARGE - 1);
    ended(&*store, b'b', LARGE + 1);
    let mut lengths = world.lengths("far:1");
    lengths.sort_unstable();
    assert_eq!(lengths, [LARGE, LARGE + 1], "equal values are one");
    for (reference, byte, len) in
        [(old, b'a', LARGE), (large, b'b', LARGE + 1), (small, b'c', LARGE - 1)]
    {
        assert_eq!(*store.blob(reference).unwrap(), vec![byte; len]);
    }

    // Changed bytes are seen, and so are missing ones.
    world.places.lock().unwrap().get_mut("far:1").unwrap().get_mut(&large.hash).unwrap()[7] ^= 1;
    assert_eq!(store.blob(large).unwrap_err().code(), "P2006");
    world.places.lock().unwrap().get_mut("far:1").unwrap().remove(&large.hash);
    assert_eq!(store.blob(large).unwrap_err().code(), "P2006");
    ended(&*store, b'b', LARGE + 1);
    assert_eq!(*store.blob(large).unwrap(), vec![b'b'; LARGE + 1]);

    // While the place is away, only who needs it waits; nothing is half there.
    let (run, claim, mut log, _) = answered(&*store, b'd', 10);
    *world.is_down.lock().unwrap() = true;
    let lost = log.batch(vec![draft(Kind::Answer, "f", vec![b'e'; LARGE])]);
    assert_eq!(append(&*store, &claim, lost).unwrap_err().code(), "P2007");
    assert_eq!(store.read(run, 0).unwrap().len(), 2);
    assert_eq!(store.blob(large).unwrap_err().code(), "P2007");
    ended(&*store, b'd', 10);
    *world.is_down.lock().unwrap() = false;
    drop((claim, store));

    // Values go with their runs, and litter with them.
    let store = address.open(&reach).unwrap();
    let litter = Digest::of(b"litter");
    world.places.lock().unwrap().get_mut("far:1").unwrap().insert(litter, b"litter".to_vec());
    assert_eq!(store.remove(&[first]).unwrap(), Removed { runs: 1, blobs: 1 });
    assert_eq!(world.lengths("far:1"), [LARGE + 1]);
    assert_eq!(store.remove(&[second]).unwrap(), Removed { runs: 1, blobs: 0 });
    drop(store);

    // Who cannot reach the place is told, and so is who cannot know of it.
    let error = address.open_alone().err().unwrap();
    assert_eq!((error.code(), error.to_string().contains("far:1")), ("P2023", true), "{error}");
    assert_eq!(address.migrate(2).unwrap_err().code(), "P2023");

    // A move that fails changes nothing.
    *world.is_down.lock().unwrap() = true;
    assert_eq!(address.move_values(None, &reach).unwrap_err().code(), "P2007");
    *world.is_down.lock().unwrap() = false;
    assert_eq!(address.place(), Some("far:1".to_owned()));
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        change(
            world.places.lock().unwrap().get_mut("far:1").unwrap().get_mut(&large.hash).unwrap(),
        );
    };
    damaged(&|bytes| bytes[0] ^= 1);
    assert_eq!(address.move_values(Some("far:2"), &reach).unwrap_err().code(), "P2006");
    damaged(&|bytes| bytes[0] ^= 1);
    assert_eq!(address.place(), Some("far:1".to_owned()));

    // From place to place, and back home.
    assert_eq!(address.move_values(Some("far:2"), &reach).unwrap(), 1);
    assert_eq!((world.lengths("far:1"), world.lengths("far:2")), (vec![], vec![LARGE + 1]));
    assert_eq!(address.move_values(Some("far:2"), &reach).unwrap(), 0, "it is there");
    assert_eq!(address.move_values(None, &reach).unwrap(), 1);
    assert_eq!((world.lengths("far:2"), address.place()), (vec![], None));
    let store = address.open_alone().unwrap();
    assert_eq!(*store.blob(large).unwrap(), vec![b'b'; LARGE + 1]);
    drop(store);
    assert_eq!(address.migrate(1).unwrap(), 4);
}

#[test]
fn a_file_keeps_large_values_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    check(&File(folder.path().join("runs.db")));
}

#[test]
fn a_database_keeps_large_values_elsewhere() {
    let server = server::Server::start();
    let (_, address) = server.database(10_000);
    check(&Database(address));
}

#[test]
fn a_store_that_somebody_uses_keeps_its_values_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let world = World::default();
    let store = Sqlite::open(&path).unwrap();
    let (_, reference) = ended(&store, b'a', LARGE);
    let refused = Sqlite::move_values(&path, Some("far:1"), &world.reach()).unwrap_err();
    assert_eq!(refused.code(), "P2003");
    assert_eq!(world.lengths("far:1"), Vec::<usize>::new());
    assert_eq!(store.blob(reference).unwrap().len(), LARGE);
}
