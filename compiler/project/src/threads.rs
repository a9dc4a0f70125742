//! Work for all processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::available_parallelism;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// A thread is worth waking from this many items on.
const LEAST: usize = 16;

/// As much as a program's first thread usually has.
const STACK: usize = 8 << 20;

/// The threads beside the first; none where the system gives none.
fn others() -> Option<&'static ThreadPool> {
    static OTHERS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let start = || {
        let n_others = available_parallelism().map_or(1, |n| n.get()) - 1;
        let builder = ThreadPoolBuilder::new().num_threads(n_others).stack_size(STACK);
        if n_others > 0 { builder.build().ok() } else { None }
    };
    OTHERS.get_or_init(start).as_ref()
}

/// What `work` makes of every item. The items are begun in order, by as many threads as there are
/// processors; each has its own clone of the context, and all clones are gone at the end.
pub(crate) fn map<C, T, R>(context: &C, items: &[T], work: impl Fn(&C, &T) -> R + Sync) -> Vec<R>
where
    C: Clone + Send,
    T: Sync,
    R: Send,
{
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Vec::with_capacity(items.len()));
    let run = |context: &C| {
        let mut made = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            made.push((at, work(context, item)));
        }
        all.lock().unwrap_or_else(PoisonError::into_inner).append(&mut made);
    };
    let others = if items.len() >= 2 * LEAST { others() } else { None };
    match others {
        // What a query throws, such as that it was cancelled, is thrown at the end of the scope.
        Some(others) => others.in_place_scope(|scope| {
            let n_others = others.current_num_threads().min(items.len() / LEAST - 1);
            for _ in 0..n_others {
                let context = context.clone();
                let run = &run;
                scope.spawn(move |_| run(&context));
            }
            run(context);
        }),
        None => run(context),
    }
    let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, one)| one).collect()
}
