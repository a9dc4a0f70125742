//! `prism values`: where the large values of a store are.

use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_cli::stores::{self, Place};
use prism_cli::words;
use prism_journal::{Error, Postgres, Sqlite};
use serde_json::json;

use crate::args;
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print};

/// What stands for the place that a store has by itself.
const BESIDE: &str = "beside";

pub fn run(args: &args::Values, terminal: Terminal) -> ExitCode {
    let place = args.store.store.as_deref().map_or_else(stores::here, stores::named);
    let done = match &args.to {
        Some(to) => move_to(&place, to),
        None => address(&place).map(|address| (address, 0)),
    };
    match done {
        Ok((address, n_moved)) if args.json => {
            print(&format!("{}\n", json!({ "place": address, "moved": n_moved })));
            ExitCode::SUCCESS
        }
        Ok((address, n_moved)) => {
            let address = address.unwrap_or_else(|| own(&place));
            let moved = args.to.as_ref().map(|_| format!("moved {n_moved} values\n"));
            print(&format!("{}large values are at {address}\n", moved.unwrap_or_default()));
            ExitCode::SUCCESS
        }
        Err(refused) => deliver::refused(&refused, args.json, terminal),
    }
}

/// Gives the address, and how many values moved there.
fn move_to(place: &Place, to: &str) -> Result<(Option<String>, u64), Refused> {
    let bucket = to.strip_prefix("s3://").and_then(|rest| rest.split('/').next());
    if to != BESIDE && bucket.is_none_or(str::is_empty) {
        return Err(Refused::Usage(words::no_place(to)));
    }
    let now = address(place)?;
    let to = match (to, &now) {
        (BESIDE, _) => None,
        (to, Some(now)) if is_below(now, to) => Some(now.clone()),
        (to, _) => Some(own_part(to)),
    };
    // One that is moved before its first run is made.
    drop(stores::open(place)?);
    let reach = stores::reach(place);
    let moved = match place {
        Place::File(path) => Sqlite::move_values(path, to.as_deref(), &reach),
        Place::Database(address) => Postgres::move_values(address, to.as_deref(), &reach),
        Place::Memory => unreachable!("no option names a store in memory"),
    };
    Ok((to, moved.map_err(refused)?))
}

/// Every store has a part of the bucket to itself: what it does not know there, it removes.
fn own_part(prefix: &str) -> String {
    format!("{}/{:016x}", prefix.trim_end_matches('/'), fastrand::u64(..))
}

/// Whether a place is the own part of a store under this prefix.
fn is_below(place: &str, prefix: &str) -> bool {
    let below = place.strip_prefix(prefix.trim_end_matches('/'));
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `None` for a store that has its values itself, or is not there yet.
fn address(place: &Place) -> Result<Option<String>, Refused> {
    let address = match place {
        Place::File(path) if !path.exists() => Ok(None),
        Place::File(path) => Sqlite::place(path),
        Place::Database(address) => Postgres::place(address),
        Place::Memory => Ok(None),
    };
    address.map_err(refused)
}

/// Where a store keeps them by itself.
fn own(place: &Place) -> String {
    match place {
        Place::File(path) => format!("{}.blobs", prism_driver::shown(path)),
        Place::Database(_) | Place::Memory => "the database".to_owned(),
    }
}

fn refused(error: Error) -> Refused {
    engine(&error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_under_a_prefix_stays_there() {
        let own = own_part("s3://b/p/");
        assert!(own.starts_with("s3://b/p/") && !own.contains("p//"), "{own}");
        assert!(is_below(&own, "s3://b/p") && is_below(&own, "s3://b/p/") && is_below(&own, &own));
        assert!(!is_below(&own, "s3://b/pp") && !is_below(&own, "s3://b/p/q"));
    }
}
