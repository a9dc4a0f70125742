//! Opens the file, or makes it: format, pragmas, tables.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, TransactionBehavior};

use super::fault::At;
use super::format::{self, CHECKPOINTS, FORMAT};
use super::wal;
use crate::Error;

/// `PRSM`: says that a SQLite file is a store of ours.
const APPLICATION: i64 = 0x5052_534d;

/// Where a header says who may write and read the file.
const WRITE_VERSION: usize = 18;
const READ_VERSION: usize = 19;
/// Who knows write-ahead logs.
const LOGGED: u8 = 2;

const TABLES: &str = "
    CREATE TABLE entries (
        row INTEGER PRIMARY KEY,
        run BLOB NOT NULL,
        seq INTEGER NOT NULL,
        back INTEGER NOT NULL,
        time INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        effect_id TEXT NOT NULL,
        name TEXT NOT NULL,
        request BLOB NOT NULL,
        payload BLOB,
        blob BLOB,
        blob_len INTEGER,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE blobs (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB) STRICT;
    CREATE TABLE uses (run BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (run, hash))
        STRICT, WITHOUT ROWID;
    CREATE TABLE runs (
        run BLOB PRIMARY KEY,
        name TEXT NOT NULL,
        status INTEGER NOT NULL,
        open_questions INTEGER NOT NULL,
        started INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        last_row INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        last_hash BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE state (
        scope TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        run BLOB NOT NULL,
        key TEXT NOT NULL,
        time INTEGER NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (run, key)
    ) STRICT;
    CREATE TABLE place (address TEXT NOT NULL) STRICT;
    CREATE TABLE indexed (to_row INTEGER NOT NULL) STRICT;
    INSERT INTO indexed VALUES (0);
";

/// The connection that writes; makes the store when it is not there.
pub(super) fn writer(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let at = At(path);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| at.unreachable(&error))?;
    }
    if !path.exists() {
        put_in_place(path)?;
    }
    expect_whole_header(at)?;
    wal::check(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(|error| at.fault(&error))?;
    connection.busy_timeout(patience).map_err(|error| at.fault(&error))?;
    let found = match found(&connection, at)? {
        Found::Older => upgrade(&mut connection, path, patience)?,
        found => found,
    };
    patiently(patience, || set_modes(&connection)).map_err(|error| at.fault(&error))?;
    match found {
        Found::Nothing => create(&mut connection, at)?,
        Found::Older | Found::Store => {}
    }
    Ok(connection)
}

/// Brings an older store to the newest format, unless another process of ours is quicker. One that
/// has it open now would go on to write what it was before.
///
/// Errors: `P2003` while another process has it open.
fn upgrade(connection: &mut Connection, path: &Path, patience: Duration) -> Result<Found, Error> {
    let (at, end) = (At(path), Instant::now() + patience);
    loop {
        match found(connection, at)? {
            Found::Older => {}
            found => return Ok(found),
        }
        match expect_alone(connection) {
            Ok(()) => {
                format::migrate(connection, path, FORMAT)?;
            }
            Err(error) if is_busy(&error) && Instant::now() < end => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(at.fault(&error)),
        }
    }
}

/// Brings a store from one format to another, for another Prism; gives the format that it had.
pub(super) fn migrate(path: &Path, patience: Duration, to: i64) -> Result<i64, Error> {
    format::migrate(&mut alone(path, patience)?, path, to)
}

/// The only connection to a store of any format that this Prism knows.
pub(super) fn alone(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let at = At(path);
    expect_whole_header(at)?;
    wal::check(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| at.fault(&error))?;
    connection.busy_timeout(patience).map_err(|error| at.fault(&error))?;
    match found(&connection, at)? {
        Found::Nothing => Err(Error::NotAStore { path: path.to_path_buf() }),
        Found::Older | Found::Store => {
            expect_alone(&connection).map_err(|error| at.fault(&error))?;
            Ok(connection)
        }
    }
}

/// Gives up the log, which SQLite refuses while anybody else has the file open, idle or not.
/// `writer` takes a log again.
fn expect_alone(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
}

/// Makes a store that is whole from its first moment, with one sync where SQLite takes six; the
/// first append syncs the folder. Whoever makes the same store meanwhile is left his. Where files
/// cannot have two names, SQLite makes the store as it does.
fn put_in_place(path: &Path) -> Result<(), Error> {
    let at = At(path);
    let image = image(at)?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-new-{:016x}", fastrand::u64(..)));
    let draft = Path::new(&name);
    let placed = File::create_new(draft)
        .and_then(|mut file| {
            file.write_all(&image)?;
            file.sync_all()
        })
        .and_then(|()| fs::hard_link(draft, path));
    // One that stays is litter, and harmless.
    let _ = fs::remove_file(draft);
    match placed {
        Err(error) if error.kind() == ErrorKind::StorageFull => Err(at.unreachable(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The bytes of a store without runs.
fn image(at: At<'_>) -> Result<Vec<u8>, Error> {
    let mut connection = Connection::open_in_memory().map_err(|error| at.fault(&error))?;
    create(&mut connection, at)?;
    let image = connection.serialize(MAIN_DB).map_err(|error| at.fault(&error))?;
    let mut image = image.to_vec();
    image[WRITE_VERSION..=READ_VERSION].fill(LOGGED);
    Ok(image)
}

/// SQLite takes a file that is shorter than a header for an empty one and would write over it.
fn expect_whole_header(at: At<'_>) -> Result<(), Error> {
    match std::fs::metadata(at.0) {
        Ok(found) if found.is_file() && (1..512).contains(&found.len()) => {
            Err(Error::NotAStore { path: at.0.to_path_buf() })
        }
        // Whether it can be opened, opening will say.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A connection for reading a store that `writer` has opened.
pub(super) fn reader(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            connection.busy_timeout(patience)?;
            connection.pragma_update(None, "cell_size_check", true)?;
            Ok(connection)
        })
        .map_err(|error| At(path).fault(&error))
}

/// What a file is.
enum Found {
    /// It still has to become a store.
    Nothing,
    Store,
    /// A store of an older format.
    Older,
}

/// A file of anybody else is an error, and so is a newer store.
fn found(connection: &Connection, at: At<'_>) -> Result<Found, Error> {
    let number = |pragma: &str| -> Result<i64, Error> {
        connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|error| at.fault(&error))
    };
    let path = at.0.to_path_buf();
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, FORMAT) => Ok(Found::Store),
        (APPLICATION, found) if found > FORMAT => {
            Err(Error::Newer { path, found, supported: FORMAT })
        }
        (APPLICATION, 1..) => Ok(Found::Older),
        (0, 0) if number("schema_version")? == 0 => Ok(Found::Nothing),
        _ => Err(Error::NotAStore { path }),
    }
}

fn set_modes(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cell_size_check", true)
}

/// Makes the tables, unless another process was quicker.
fn create(connection: &mut Connection, at: At<'_>) -> Result<(), Error> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| at.fault(&error))?;
    if !matches!(found(&transaction, at)?, Found::Nothing) {
        return Ok(());
    }
    transaction
        .execute_batch(TABLES)
        .and_then(|()| transaction.execute_batch(CHECKPOINTS))
        .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION))
        .and_then(|()| transaction.pragma_update(None, "user_version", FORMAT))
        .and_then(|()| transaction.commit())
        .map_err(|error| at.fault(&error))
}

/// Repeats what meets a lock: SQLite does not wait by itself when the journal mode changes.
fn patiently(
    patience: Duration,
    mut attempt: impl FnMut() -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let end = Instant::now() + patience;
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && Instant::now() < end => {
                thread::sleep(Duration::from_millis(2));
            }
            outcome => return outcome,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}
