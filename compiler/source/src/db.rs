//! What a database must offer so that the queries of the compiler can run on it.

use crate::Files;

#[salsa::db]
pub trait Db: salsa::Database {
    /// The files that imports can reach.
    fn files(&self) -> Files;
}
