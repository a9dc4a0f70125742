//! Work for all processors.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism, scope};

use crate::db::RootDb;

/// A thread is worth its start from this many items on.
const LEAST: usize = 16;

/// As much as a program's first thread usually has.
const STACK: usize = 8 << 20;

/// Does `work` for every item. The items are begun in order, by as many threads as there are
/// processors; each thread has its own clone of the database, and all are gone at the end.
pub(crate) fn for_each<T: Sync>(db: &RootDb, items: &[T], work: impl Fn(&RootDb, &T) + Sync) {
    let next = AtomicUsize::new(0);
    let run = |db: &RootDb| {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(db, item);
        }
    };
    let most = available_parallelism().map_or(1, |n| n.get());
    let n_threads = most.min(items.len() / LEAST);
    scope(|scope| {
        let start = |_| {
            let db = db.clone();
            let builder = Builder::new().stack_size(STACK);
            // Where the system gives no thread, the others do its part.
            builder.spawn_scoped(scope, move || run(&db)).ok()
        };
        let threads: Vec<_> = (1..n_threads).filter_map(start).collect();
        run(db);
        for thread in threads {
            // What a query throws, such as that it was cancelled, is thrown here.
            thread.join().unwrap_or_else(|thrown| resume_unwind(thrown));
        }
    });
}
