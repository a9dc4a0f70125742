//! Goes on with runs: claimed, their journals read, their machines fed with what those have.
//!
//! ```text
//! take_up: claim → checkpoint, journal → beginning ─→ Taken ─→ go_on_with: messages → past, machine → driver
//! ```
//!
//! Many runs are taken up on all processors, and their journals are read together: after a crash
//! there are as many as the process had.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use prism_journal::{Claim, Entry, Error as StoreError, Kind, Payload, Recovered, RunId, Store};

use crate::checkpoint::Stand;
use crate::drive::{Driver, Signal};
use crate::engine::Address;
use crate::inbox::Signals;
use crate::opening::Company;
use crate::start::{self, Recorded};
use crate::{Engine, Error, RunHandle, runs};

/// How many runs a thread takes up at once: fewer are not worth a thread, and the journals of more
/// would be in memory at the same time.
const FEWEST: usize = 64;
const MOST: usize = 8192;
/// So many runs in a row are dealt to one thread, and the next ones to another: those that began at
/// the same time have come as far as each other, and lie together in the store.
const DEAL: usize = 512;

/// A run that this process has claimed, and its journal.
pub struct Taken {
    pub(crate) claim: Claim,
    /// Where it stood before `entries`; without, these are all.
    pub(crate) stand: Option<Box<Stand>>,
    /// Whether the store has a checkpoint, whatever it is worth.
    pub(crate) is_kept: bool,
    pub(crate) entries: Vec<Entry>,
    /// Shared by runs that began alike.
    pub(crate) recorded: Arc<Recorded>,
}

impl Taken {
    pub fn run(&self) -> RunId {
        self.claim.run()
    }

    /// How it began.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }
}

/// Claims runs that can go on and reads their journals. The results are in the order of the runs.
///
/// Errors: `P2008` unknown, `P2009` driven by another process, `P2013` ended, `P2022` a schedule,
/// and whatever keeps the journal from being read.
pub fn take_up(store: &dyn Store, runs: &[RunId]) -> Vec<Result<Taken, Error>> {
    on_all_processors(runs.to_vec(), |runs| {
        let claims: Vec<_> = runs.iter().map(|run| store.claim(*run)).collect();
        let claimed: Vec<RunId> = claims.iter().flatten().map(Claim::run).collect();
        let mut journals = store.recover(&claimed).into_iter();
        let mut beginnings = Beginnings::default();
        let taken = |claim: Result<Claim, StoreError>| {
            let claim = claim?;
            let journal = journals.next().expect("there is a journal for each claim")?;
            taken(store, claim, journal, &mut beginnings)
        };
        claims.into_iter().map(taken).collect()
    })
}

/// The run with what there is to go on with it. A checkpoint that cannot be read is as good as none.
pub(crate) fn taken(
    store: &dyn Store,
    claim: Claim,
    recovered: Recovered,
    beginnings: &mut Beginnings,
) -> Result<Taken, Error> {
    let run = claim.run();
    let Recovered { checkpoint, mut entries } = recovered;
    let is_kept = checkpoint.is_some();
    let mut stand = checkpoint.and_then(|checkpoint| Stand::of(run, &checkpoint)).map(Box::new);
    if is_kept && stand.is_none() {
        entries = store.read(run, 0)?;
    }
    let Some(last) = entries.last() else {
        return Err(Error::UnknownRun { name: run.to_string() });
    };
    expect_unfinished(last)?;
    let first = stand.as_mut().map_or(&mut entries[0], |stand| &mut stand.first);
    let recorded = beginnings.of(store, first)?;
    match recorded.schedule {
        Some(_) => Err(Error::IsSchedule { run }),
        None => Ok(Taken { claim, stand, is_kept, entries, recorded }),
    }
}

/// How the run before began: most runs of a process are of one program, and begin alike.
#[derive(Default)]
pub(crate) struct Beginnings(Option<(Payload, Arc<Recorded>)>);

impl Beginnings {
    /// Of the run with this first entry, which shares its payload then.
    fn of(&mut self, store: &dyn Store, first: &mut Entry) -> Result<Arc<Recorded>, Error> {
        if let Some((payload, recorded)) = &self.0
            && first.kind == Kind::RunStarted
            && (&first.payload, &first.name) == (payload, &recorded.name)
        {
            first.payload = payload.clone();
            first.name = recorded.name.clone();
            return Ok(recorded.clone());
        }
        let recorded = Arc::new(start::from_entry(store, first)?);
        self.0 = Some((first.payload.clone(), recorded.clone()));
        Ok(recorded)
    }
}

/// What the journal of a run that has not ended says of requests without an outcome before its
/// checkpoint, and all entries from there on; without a checkpoint, nothing and all.
pub(crate) fn open_entries(
    store: &dyn Store,
    run: RunId,
) -> Result<(Vec<Entry>, Vec<Entry>), Error> {
    let recovered = store.recover(&[run]).pop().expect("there is one for each run")?;
    let Some(checkpoint) = recovered.checkpoint else { return Ok((Vec::new(), recovered.entries)) };
    Ok(match Stand::of(run, &checkpoint) {
        Some(stand) => (stand.entries, recovered.entries),
        None => (Vec::new(), store.read(run, 0)?),
    })
}

impl Engine {
    /// Goes on with a run: the machine is fed what the journal has, then the run continues.
    ///
    /// Errors: those of [`take_up`]. A program that diverged shows in the result.
    pub fn resume(&self, run: RunId) -> Result<RunHandle, Error> {
        let claim = self.store.claim(run)?;
        let recovered = self.store.recover(&[run]).pop().expect("there is one for each run")?;
        let taken = taken(&*self.store, claim, recovered, &mut Beginnings::default())?;
        self.go_on(self.driver_of(taken, self.address(run))?)
    }

    /// Drives a run that was taken up.
    pub(crate) fn go_on(&self, driver: Box<Driver>) -> Result<RunHandle, Error> {
        self.hand_over_messages(&[(driver.world.run, &driver.world.signals)])?;
        Ok(self.drive(driver))
    }

    /// Goes on with runs that were taken up, with each as `resume` does. The handles are in the
    /// order of the runs.
    ///
    /// A run gets its machine on the thread that drives it, immediately before it moves: what is
    /// read of it is at hand then, and gone before the next one needs room. Whatever keeps it from
    /// that is what waiting for the run gives.
    pub fn go_on_with(&self, taken: Vec<Taken>) -> Result<Vec<RunHandle>, Error> {
        let addresses: Vec<Address> = taken.iter().map(|taken| self.address(taken.run())).collect();
        // When every run is heard of here: what is said from now on is delivered.
        let told: Vec<_> =
            addresses.iter().map(|address| (address.run, &address.signals)).collect();
        self.hand_over_messages(&told)?;
        let engine = Arc::new(self.clone());
        let company = Company::of(taken.len(), self.store.clone());
        let spawn = |(taken, address): (Taken, Address)| {
            let (run, signals) = (address.run, address.signals.clone());
            let seed = Box::new((engine.clone(), company.clone(), taken, address));
            self.spawn(run, signals, async move {
                let driver = {
                    // A run that is driven keeps nothing of this, and no engine.
                    let seed = seed;
                    let (engine, company, taken, address) = *seed;
                    let mut driver = engine.driver_of(taken, address)?;
                    company.take_in(&mut driver);
                    driver
                };
                driver.drive().await
            })
        };
        Ok(taken.into_iter().zip(addresses).map(spawn).collect())
    }

    /// Tells runs what was said to them before they are driven here.
    fn hand_over_messages(&self, runs: &[(RunId, &Signals)]) -> Result<(), Error> {
        let names: Vec<RunId> = runs.iter().map(|(run, _)| *run).collect();
        let messages = runs::messages(&*self.store, &names)?;
        if messages.is_empty() {
            return Ok(());
        }
        let runs: HashMap<RunId, &Signals> = runs.iter().copied().collect();
        for message in messages {
            if let Some(signals) = runs.get(&message.run) {
                signals.send(Signal::Message(Box::new(message)));
            }
        }
        Ok(())
    }
}

/// Does shares of a work on several threads, where it is enough for that. In order.
fn on_all_processors<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(Vec<T>) -> Vec<R> + Sync,
) -> Vec<R> {
    let n_threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut done = Vec::with_capacity(items.len());
    let mut items = items.into_iter();
    while items.len() > 0 {
        let n_items = items.len().min(n_threads * MOST);
        let n_shares = n_items.div_ceil(FEWEST).min(n_threads);
        let deal = n_items.div_ceil(n_shares).min(DEAL);
        let whose: Vec<usize> = (0..n_shares).cycle().take(n_items.div_ceil(deal)).collect();
        let mut shares: Vec<Vec<T>> = (0..n_shares).map(|_| Vec::new()).collect();
        for share in &whose {
            shares[*share].extend(items.by_ref().take(deal));
        }
        let results: Vec<Vec<R>> = thread::scope(|scope| {
            let work = &work;
            let own = shares.pop().expect("there is one at least");
            let others: Vec<_> =
                shares.into_iter().map(|share| scope.spawn(move || work(share))).collect();
            let own = work(own);
            let others = others.into_iter().map(|other| other.join());
            let others = others.map(|other| other.expect("taking up runs does not panic"));
            others.chain([own]).collect()
        });
        let mut results: Vec<_> = results.into_iter().map(Vec::into_iter).collect();
        for share in &whose {
            done.extend(results[*share].by_ref().take(deal));
        }
    }
    done
}

/// Errors: `P2013`.
pub(crate) fn expect_unfinished(last: &Entry) -> Result<(), Error> {
    match last.kind.end() {
        Some(status) => Err(Error::Ended { run: last.run, status: status.name() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_threads_do_is_in_order() {
        for n_items in [0, 1, 63, 64, 65, 129, 1023, 1025, 5_000, 16_384, 16_385, 70_001] {
            let items: Vec<usize> = (0..n_items).collect();
            let doubled =
                on_all_processors(items, |share| share.into_iter().map(|item| 2 * item).collect());
            assert_eq!(doubled, (0..n_items).map(|item| 2 * item).collect::<Vec<_>>());
        }
    }
}
