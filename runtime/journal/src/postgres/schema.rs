//! The tables, and the format that they have.

use std::sync::Arc;

use super::link::Target;
use crate::Error;

/// The format that this Prism writes.
const FORMAT: i64 = 1;
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
    CREATE TABLE prism_blobs (hash bytea PRIMARY KEY, bytes bytea NOT NULL);
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

/// Makes the tables unless they are there.
pub(super) fn create(target: &Arc<Target>) -> Result<(), Error> {
    let mut client = target.connect()?;
    let found = (|| {
        let mut transaction = client.transaction()?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&TURN])?;
        let is_there = "SELECT to_regclass('prism_format') IS NOT NULL";
        let found = if transaction.query_one(is_there, &[])?.try_get(0)? {
            transaction.query_one("SELECT max(format) FROM prism_format", &[])?.try_get(0)?
        } else {
            transaction.batch_execute(TABLES)?;
            transaction.execute("INSERT INTO prism_format VALUES ($1)", &[&FORMAT])?;
            FORMAT
        };
        transaction.commit()?;
        Ok(found)
    })();
    match found.map_err(|error| target.fault(&error))? {
        FORMAT => Ok(()),
        found => Err(target.newer(found, FORMAT)),
    }
}
