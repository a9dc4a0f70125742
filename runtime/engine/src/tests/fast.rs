//! Fast mode: a run does not wait for the disk, and never goes far ahead of it.

use std::sync::Arc;
use std::time::Duration;

use prism_journal::{Kind, Status, Store};
use prism_vm::Data;

use super::fake::Program;
use super::lab::{Lab, kinds, start};
use super::once::{bank, once};
use super::stores::Filling;
use crate::{Mode, RunHandle};

const N_STEPS: usize = 30_000;
const WITHIN: Duration = Duration::from_millis(20);

/// A run that is as far as before at so many looks stands still; at one, it may wait for a processor.
const N_LOOKS: u32 = 5;

/// A run of many steps on a disk that stands still once the run has begun; gives the times of what
/// would be lost, when the run stands still too.
async fn stalled(mode: Mode, program: &Program) -> (Arc<Filling>, RunHandle, Vec<i64>) {
    let mut lab = Lab::new();
    lab.host.mode = mode;
    let store = Arc::new(Filling::with_room(usize::MAX));
    let handle = start(&lab.engine_on(store.clone()), program);
    while store.read(handle.run(), 0).unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    store.stall();
    let (mut held, mut n_same) = (store.held(), 0);
    loop {
        tokio::time::sleep(4 * WITHIN).await;
        let now = store.held();
        n_same = if !now.is_empty() && now.len() == held.len() { n_same + 1 } else { 0 };
        if n_same == N_LOOKS {
            return (store, handle, held);
        }
        held = now;
    }
}

fn steps() -> Program {
    Program::steps(vec![("random", vec![]); N_STEPS])
}

#[tokio::test]
async fn a_run_stands_still_when_the_disk_does() {
    let (store, handle, held) = stalled(Mode::Fast { within: WITHIN }, &steps()).await;
    let span = held[held.len() - 1] - held[0];
    println!("{} entries of {span} µs would be lost, {WITHIN:?} may be", held.len());
    assert!(held.len() > 1, "a fast run does not wait for each step");
    assert!(held.len() < N_STEPS, "a run does not leave the disk behind");
    store.release();
    let run = handle.run();
    assert_eq!(handle.wait().await.unwrap().status, Status::Completed);
    let entries = store.read(run, 0).unwrap();
    assert_eq!(kinds(&entries).len(), N_STEPS + 2);
}

/// Each of two fibers sleeps again and again. An end of a sleep is heard, and written; it leads
/// nobody to the next one.
#[tokio::test]
async fn what_ends_meanwhile_does_not_lead_a_run_on() {
    const N_NAPS: usize = 300;
    let nap = ("time.sleep", vec![Data::from(1.0)]);
    let program = Program::all(vec![vec![nap; N_NAPS]; 2]);
    let (store, handle, _) = stalled(Mode::Fast { within: WITHIN }, &program).await;
    let count = |kind: Kind| {
        let entries = store.read(handle.run(), 0).unwrap();
        entries.into_iter().filter(|entry| entry.kind == kind).count()
    };
    let (n_begun, n_ended) = (count(Kind::Timer), count(Kind::Answer));
    println!("{n_begun} naps of {} begun, {n_ended} ended", 2 * N_NAPS);
    assert!(n_begun < 2 * N_NAPS, "the run left the disk behind");
    store.release();
    assert_eq!(handle.wait().await.unwrap().status, Status::Completed);
}

#[tokio::test]
async fn without_it_every_step_waits() {
    let (store, handle, held) = stalled(Mode::Full, &steps()).await;
    assert_eq!(held.len(), 1);
    handle.stopper().cancel("enough");
    store.release();
    assert_eq!(handle.wait().await.unwrap().status, Status::Cancelled);
}

#[tokio::test]
async fn a_call_that_is_made_at_most_once_waits_for_the_disk() {
    let mut lab = bank(r#"printf '{"id":"%s","value":"paid"}\n' "$id""#);
    lab.host.mode = Mode::Fast { within: Duration::from_secs(3600) };
    // Room for the beginning and for `agents_selected`, not for the attempt.
    let store = Arc::new(Filling::with_room(2));
    let result = start(&lab.engine_on(store), &Program::steps(once("bank"))).wait().await;
    assert_eq!(result.unwrap_err().code(), "P2004");
    assert_eq!(lab.calls(), [""; 0]);
}
