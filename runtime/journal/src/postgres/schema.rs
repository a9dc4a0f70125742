//! The tables, and the format that they have.

use std::sync::Arc;

use postgres::{Client, Error as PgError, Transaction};

use super::link::{Fault, Target};
use super::place;
use crate::Error;

/// The format that this Prism writes.
const FORMAT: i64 = 4;
/// The oldest format that this Prism can make of a store, and a store of.
const OLDEST: i64 = 1;
/// Processes that make the tables at the same time take turns. Any number that others do not use.
const TURN: i64 = 0x5052_534d;

const TABLES: &str = "
    CREATE TABLE prism_format (format bigint NOT NULL);
    CREATE TABLE prism_entries (
        run bytea NOT NULL,
        seq bigint NOT NULL,
        time bigint NOT NULL,
        kind smallint NOT NULL,
        effect_id text NOT NULL,
        name text NOT NULL,
        request bytea NOT NULL,
        payload bytea,
        blob bytea,
        blob_len bigint,
        hash bytea NOT NULL,
        PRIMARY KEY (run, seq)
    );
    CREATE TABLE prism_blobs (hash bytea PRIMARY KEY, bytes bytea);
    CREATE TABLE prism_place (address text NOT NULL);
    CREATE TABLE prism_uses (run bytea NOT NULL, hash bytea NOT NULL, PRIMARY KEY (run, hash));
    CREATE INDEX prism_users ON prism_uses (hash);
    CREATE TABLE prism_runs (
        run bytea PRIMARY KEY,
        name text NOT NULL,
        status smallint NOT NULL,
        open_questions bigint NOT NULL,
        started bigint NOT NULL,
        updated bigint NOT NULL,
        last_seq bigint NOT NULL,
        last_hash bytea NOT NULL
    );
    CREATE INDEX prism_unfinished ON prism_runs (run) WHERE status < 4;
    CREATE SEQUENCE prism_fences;
    CREATE TABLE prism_leases (
        run bytea PRIMARY KEY,
        owner bigint NOT NULL,
        fence bigint NOT NULL,
        until timestamptz NOT NULL
    );
    CREATE INDEX prism_owners ON prism_leases (owner);
    CREATE TABLE prism_state (
        scope bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (scope, key)
    );
    CREATE SEQUENCE prism_numbers;
    CREATE TABLE prism_messages (
        number bigint PRIMARY KEY,
        run bytea NOT NULL,
        key text NOT NULL,
        time bigint NOT NULL,
        body bytea NOT NULL,
        UNIQUE (run, key)
    );
";

/// From format 1 to 2: which run uses which blob.
const TO_2: &str = "
    CREATE TABLE prism_uses (run bytea NOT NULL, hash bytea NOT NULL, PRIMARY KEY (run, hash));
    CREATE INDEX prism_users ON prism_uses (hash);
    INSERT INTO prism_uses SELECT run, blob FROM prism_entries WHERE blob IS NOT NULL
        ON CONFLICT DO NOTHING;
    INSERT INTO prism_uses SELECT run, decode(artifact, 'hex') FROM (
        SELECT entries.run AS run,
            convert_from(coalesce(entries.payload, blobs.bytes), 'UTF8')::json
                -> 'artifact' ->> 'hash' AS artifact
        FROM prism_entries AS entries LEFT JOIN prism_blobs AS blobs ON blobs.hash = entries.blob
        WHERE entries.kind = 1
    ) AS beginnings WHERE artifact IS NOT NULL
        ON CONFLICT DO NOTHING;
";

const TO_1: &str = "DROP TABLE prism_uses;";

/// From format 2 to 3: where the large blobs are, unless they are rows.
const TO_3: &str = "
    ALTER TABLE prism_blobs ALTER COLUMN bytes DROP NOT NULL;
    CREATE TABLE prism_place (address text NOT NULL);
";

/// From format 3 to 4: where runs stand.
const CHECKPOINTS: &str = "
    CREATE TABLE prism_checkpoints (
        run bytea PRIMARY KEY, seq bigint NOT NULL, prev bytea NOT NULL, bytes bytea NOT NULL
    );
";

const BACK_TO_3: &str = "DROP TABLE prism_checkpoints;";

const BACK_TO_2: &str = "
    DROP TABLE prism_place;
    ALTER TABLE prism_blobs ALTER COLUMN bytes SET NOT NULL;
";

/// Makes the tables unless they are there; those of an older format are brought to the newest.
pub(super) fn create(target: &Arc<Target>) -> Result<(), Error> {
    let mut client = target.connect()?;
    let created = in_turn(&mut client, |transaction| {
        match format(transaction)? {
            None => {
                transaction.batch_execute(TABLES)?;
                transaction.batch_execute(CHECKPOINTS)?;
                transaction.execute("INSERT INTO prism_format VALUES ($1)", &[&FORMAT])?;
            }
            Some(found) if (OLDEST..=FORMAT).contains(&found) => bring_up(transaction, found)?,
            Some(found) => return Err(target.newer(found, FORMAT).into()),
        }
        Ok(())
    });
    created.map_err(|fault| fault.of(target))
}

/// Brings a store from its format to another one; gives the format that it had.
pub(super) fn migrate(target: &Arc<Target>, to: i64) -> Result<i64, Error> {
    if !(OLDEST..=FORMAT).contains(&to) {
        return Err(target.no_format(to, OLDEST, FORMAT));
    }
    alone(target, |transaction, found| {
        let address = if found < 3 { None } else { place::address(transaction)? };
        if let Some(address) = address.filter(|_| to < 3) {
            return Err(target.elsewhere(&address).into());
        }
        bring(transaction, found, to)?;
        Ok(found)
    })
}

/// Works on a store of any format that this Prism knows, while nobody drives a run. An error takes
/// everything back.
pub(super) fn alone<T>(
    target: &Target,
    work: impl FnOnce(&mut Transaction<'_>, i64) -> Result<T, Fault>,
) -> Result<T, Error> {
    let mut client = target.connect()?;
    let done = in_turn(&mut client, |transaction| match format(transaction)? {
        None => Err(target.no_store().into()),
        Some(found) if !(OLDEST..=FORMAT).contains(&found) => {
            Err(target.newer(found, FORMAT).into())
        }
        Some(_) if is_used(transaction)? => Err(target.used().into()),
        Some(found) => work(transaction, found),
    });
    done.map_err(|fault| fault.of(target))
}

/// Brings a store to the format that this Prism writes.
pub(super) fn bring_up(transaction: &mut Transaction<'_>, found: i64) -> Result<(), PgError> {
    if found < FORMAT { bring(transaction, found, FORMAT) } else { Ok(()) }
}

/// Whether a process drives a run: it would go on with tables that it does not know.
fn is_used(transaction: &mut Transaction<'_>) -> Result<bool, PgError> {
    let sql = "SELECT EXISTS (SELECT FROM prism_leases WHERE until > now())";
    transaction.query_one(sql, &[])?.try_get(0)
}

/// Step by step; a step that is not here cannot be asked for.
fn bring(transaction: &mut Transaction<'_>, from: i64, to: i64) -> Result<(), PgError> {
    if from < 2 && to >= 2 {
        transaction.batch_execute(TO_2)?;
    }
    if from < 3 && to >= 3 {
        transaction.batch_execute(TO_3)?;
    }
    if from < 4 && to >= 4 {
        transaction.batch_execute(CHECKPOINTS)?;
    }
    if from >= 4 && to < 4 {
        transaction.batch_execute(BACK_TO_3)?;
    }
    if from >= 3 && to < 3 {
        transaction.batch_execute(BACK_TO_2)?;
    }
    if from >= 2 && to < 2 {
        transaction.batch_execute(TO_1)?;
    }
    transaction.execute("UPDATE prism_format SET format = $1", &[&to]).map(|_| ())
}

/// The format of the tables; `None` when there are none.
fn format(transaction: &mut Transaction<'_>) -> Result<Option<i64>, PgError> {
    let is_there = "SELECT to_regclass('prism_format') IS NOT NULL";
    if !transaction.query_one(is_there, &[])?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    transaction.query_one("SELECT max(format) FROM prism_format", &[])?.try_get(0).map(Some)
}

/// A transaction that no other process makes or changes tables beside.
fn in_turn<T>(
    client: &mut Client,
    work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut transaction = client.transaction()?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&TURN])?;
    let done = work(&mut transaction)?;
    transaction.commit()?;
    Ok(done)
}
