//! Processes that serve more than one call.
//!
//! Each has a task of its own, which owns it from start to end. Between calls the task is parked
//! in the pool with a channel for the next job. A process that exits, speaks without being asked,
//! or is not needed for a while is ended; one that broke the protocol is never used again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use prism_agents::protocol::write_request;
use tokio::sync::mpsc;

use crate::exchange::{Use, exchange};
use crate::job::Job;
use crate::lines::Next;
use crate::process::{House, Leave, Process};

#[derive(Default)]
pub(crate) struct Pool {
    next: AtomicU64,
    parked: Mutex<Parked>,
}

#[derive(Default)]
struct Parked {
    is_closed: bool,
    /// Per agent, the one that was used last at the end.
    idle: HashMap<Arc<str>, Vec<Seat>>,
}

/// The way to a process, which goes back and forth: it is parked with a process that has no call,
/// and goes to the process with the next one. When it is dropped, there is no next one.
struct Seat {
    id: u64,
    orders: mpsc::Sender<Order>,
}

struct Order {
    job: Job,
    seat: Seat,
}

impl Pool {
    /// Gives the job to a parked process; gives it back when there is none.
    pub(crate) fn offer(&self, mut job: Job) -> Result<(), Job> {
        while let Some(seat) = self.take(&job.attempt.spec.name) {
            let orders = seat.orders.clone();
            match orders.try_send(Order { job, seat }) {
                Ok(()) => return Ok(()),
                Err(refused) => job = refused.into_inner().job,
            }
        }
        Err(job)
    }

    /// Ends every parked process, and each other one after its call.
    pub(crate) fn close(&self) {
        let mut parked = self.parked();
        parked.is_closed = true;
        parked.idle.clear();
    }

    fn take(&self, agent: &str) -> Option<Seat> {
        self.parked().idle.get_mut(agent)?.pop()
    }

    fn seat(&self) -> (Seat, mpsc::Receiver<Order>) {
        let (orders, incoming) = mpsc::channel(1);
        (Seat { id: self.next.fetch_add(1, Ordering::Relaxed), orders }, incoming)
    }

    /// `false` when the pool is closed.
    fn park(&self, agent: &Arc<str>, seat: Seat) -> bool {
        let mut parked = self.parked();
        if parked.is_closed {
            return false;
        }
        match parked.idle.get_mut(agent) {
            Some(seats) => seats.push(seat),
            None => drop(parked.idle.insert(agent.clone(), vec![seat])),
        }
        true
    }

    /// Whether the seat was still there: if not, a job is on its way to it.
    fn leave(&self, agent: &str, id: u64) -> bool {
        let mut parked = self.parked();
        let Some(seats) = parked.idle.get_mut(agent) else { return false };
        let n_before = seats.len();
        seats.retain(|seat| seat.id != id);
        seats.len() < n_before
    }

    fn parked(&self) -> MutexGuard<'_, Parked> {
        self.parked.lock().expect("no code panics while it holds the pool")
    }
}

/// Starts a process for the job and keeps it for later ones.
pub(crate) async fn serve(job: Job, idle: Duration, pool: &Pool, house: &House) {
    let mut next = Some(job);
    while let Some(job) = next.take() {
        let spec = job.attempt.spec.clone();
        match Process::start(&spec, house).await {
            Ok(process) => next = live(process, job, idle, pool).await,
            Err(error) => job.finish(Err(error)),
        }
    }
}

/// Serves jobs until the process ends. A job that came when it was already too late for this
/// process is given back.
async fn live(mut process: Process, mut job: Job, idle: Duration, pool: &Pool) -> Option<Job> {
    let agent = job.attempt.spec.name.clone();
    let (mut seat, mut incoming) = pool.seat();
    let id = seat.id;
    loop {
        if !call(&mut process, job, pool, &agent, seat).await {
            return None;
        }
        match rest(&mut process, idle, &mut incoming).await {
            Rest::Order(next) => Order { job, seat } = next,
            Rest::Idle => match claimed(pool, &agent, id, &mut incoming).await {
                Some(next) => Order { job, seat } = next,
                None => return end(&mut process, Leave::OnItsOwn, None).await,
            },
            Rest::Broken => {
                let next = claimed(pool, &agent, id, &mut incoming).await;
                return end(&mut process, Leave::Now, next.map(|next| next.job)).await;
            }
            Rest::Closed => return end(&mut process, Leave::OnItsOwn, None).await,
        }
    }
}

/// One call. The process is parked before its answer is told, so that whoever waits for the
/// answer finds it. `false`: the process is gone.
async fn call(
    process: &mut Process,
    mut job: Job,
    pool: &Pool,
    agent: &Arc<str>,
    seat: Seat,
) -> bool {
    process.request.clear();
    if let Err(error) = write_request(&mut process.request, &job.attempt, Instant::now()) {
        process.end(Leave::OnItsOwn, &|_| {}).await;
        job.finish(Err(error));
        return false;
    }
    process.stderr.start_call();
    let mut cancelled = std::mem::take(&mut job.cancelled);
    let note = |note| job.note(note);
    let outcome = exchange(process, &job.attempt, Use::Again, &mut cancelled, &note).await;
    if outcome.is_sound && pool.park(agent, seat) {
        job.finish(outcome.result);
        return true;
    }
    let leave = if outcome.is_sound { Leave::OnItsOwn } else { Leave::Now };
    process.end(leave, &note).await;
    let result = outcome.result.map_err(|error| process.explain(error));
    job.finish(result);
    false
}

/// How the time without a call ended.
enum Rest {
    Order(Order),
    Idle,
    /// The process exited or said something nobody asked for.
    Broken,
    /// The pool was closed.
    Closed,
}

async fn rest(process: &mut Process, idle: Duration, incoming: &mut mpsc::Receiver<Order>) -> Rest {
    let end = tokio::time::Instant::now() + idle;
    loop {
        tokio::select! {
            biased;
            next = incoming.recv() => return next.map_or(Rest::Closed, Rest::Order),
            next = process.stdout.next() => match next {
                Next::Line(line) if line.trim_ascii().is_empty() => {}
                Next::Line(_) | Next::TooLong(_) | Next::End => return Rest::Broken,
            },
            _ = process.child.wait() => return Rest::Broken,
            () = process.stderr.pump(&|_| {}), if process.stderr.is_open() => {}
            () = process.alarm.at(end) => return Rest::Idle,
        }
    }
}

/// Leaves the pool, with the job that was sent here just before.
async fn claimed(
    pool: &Pool,
    agent: &str,
    id: u64,
    incoming: &mut mpsc::Receiver<Order>,
) -> Option<Order> {
    if pool.leave(agent, id) { None } else { incoming.recv().await }
}

async fn end(process: &mut Process, leave: Leave, next: Option<Job>) -> Option<Job> {
    process.end(leave, &|_| {}).await;
    next
}
