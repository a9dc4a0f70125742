//! Processes that serve several calls at the same time.
//!
//! Each has a task of its own, as a warm one has, which owns it from start to end. Requests go out
//! as they come, answers are told apart by their ids. A call that is cancelled or takes too long
//! ends alone: the process is not told, and its place is taken until it has answered after all.
//! What breaks the protocol, or ends the process, ends all calls of it.

use std::collections::HashMap;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use prism_agents::protocol::{self, Line};
use prism_agents::{AgentError, AgentNote, AgentReply, AgentSpec, BoxFuture, Ticket, errors};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::Sender;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::exchange::{DRAIN, EXIT, MAX_PROGRESS, describe, last_word};
use crate::job::Job;
use crate::lines::Next;
use crate::process::{House, Leave, Process};

/// The processes of all agents that take calls.
#[derive(Default)]
pub(crate) struct Halls {
    next: AtomicU64,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    is_closed: bool,
    by_agent: HashMap<Arc<str>, Vec<Door>>,
}

/// The way into a process.
struct Door {
    id: u64,
    jobs: UnboundedSender<Job>,
    /// Calls that have come in and whose answers have not.
    load: Arc<AtomicUsize>,
}

/// What the task of a process has of its door.
pub(crate) struct Hall {
    id: u64,
    agent: Arc<str>,
    jobs: UnboundedReceiver<Job>,
    load: Arc<AtomicUsize>,
}

impl Halls {
    /// Gives the job to the process that has the fewest calls, if that is less than `most`. Else
    /// gives what the task of a new process needs; the job is in it.
    pub(crate) fn enter(&self, job: Job, most: usize) -> Option<Hall> {
        let agent = job.attempt.spec.name.clone();
        let mut open = self.open();
        if open.is_closed {
            job.finish(Err(errors::cancelled(&agent)));
            return None;
        }
        let doors = open.by_agent.get(&agent).map_or(&[][..], Vec::as_slice);
        let loads = doors.iter().map(|door| (door.load.load(Ordering::Relaxed), door));
        let emptiest = loads.min_by_key(|(load, _)| *load).filter(|(load, _)| *load < most);
        if let Some((_, door)) = emptiest {
            door.load.fetch_add(1, Ordering::Relaxed);
            // The task leaves by `leave` before it stops to listen, which needs the lock.
            let _ = door.jobs.send(job);
            return None;
        }
        Some(self.add(&mut open, agent, vec![job]))
    }

    /// The same for jobs that are left of a hall which has no door any more.
    fn open_again(&self, mut hall: Hall) -> Option<Hall> {
        let mut left = Vec::new();
        while let Ok(job) = hall.jobs.try_recv() {
            left.push(job);
        }
        let mut open = self.open();
        // Jobs that are dropped are cancelled.
        (!left.is_empty() && !open.is_closed).then(|| self.add(&mut open, hall.agent, left))
    }

    fn add(&self, open: &mut Open, agent: Arc<str>, first: Vec<Job>) -> Hall {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, jobs) = unbounded_channel();
        let load = Arc::new(AtomicUsize::new(first.len()));
        for job in first {
            // The receiver is right here.
            let _ = sender.send(job);
        }
        let door = Door { id, jobs: sender, load: load.clone() };
        open.by_agent.entry(agent.clone()).or_default().push(door);
        Hall { id, agent, jobs, load }
    }

    /// Lets nobody in any more. Processes end with their calls.
    pub(crate) fn close(&self) {
        let mut open = self.open();
        open.is_closed = true;
        open.by_agent.clear();
    }

    fn leave(&self, hall: &Hall) {
        if let Some(doors) = self.open().by_agent.get_mut(&hall.agent) {
            doors.retain(|door| door.id != hall.id);
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("no code panics while it holds the list")
    }
}

/// Serves what comes, in a process after the other, until nothing has come for a while.
pub(crate) async fn serve(mut hall: Hall, idle: Duration, halls: &Halls, house: &House) {
    loop {
        let Some(first) = hall.jobs.recv().await else { return };
        match Process::start(&first.attempt.spec, house).await {
            Ok(process) => one_process(process, first, &mut hall, idle, halls).await,
            Err(error) => {
                halls.leave(&hall);
                first.finish(Err(error.clone()));
                while let Some(job) = hall.jobs.recv().await {
                    job.finish(Err(error.clone()));
                }
            }
        }
        // Jobs that came when it was too late, and that the process has not seen.
        match halls.open_again(hall) {
            Some(again) => hall = again,
            None => return,
        }
    }
}

async fn one_process(
    mut process: Process,
    first: Job,
    hall: &mut Hall,
    idle: Duration,
    halls: &Halls,
) {
    let mut calls = Calls::new(hall.load.clone());
    process.stderr.start_call();
    calls.begin(first);
    let failure = talk(&mut process, hall, &mut calls, idle, halls).await.err();
    halls.leave(hall);
    let is_fine = failure.is_none() && calls.abandoned.is_empty();
    process.end(if is_fine { Leave::OnItsOwn } else { Leave::Now }, &|_| {}).await;
    if let Some(error) = failure {
        calls.end_all(&process.explain(error));
    }
}

/// A call in the process.
struct Call {
    job: Job,
    n_progress: usize,
}

/// The calls of one process.
struct Calls {
    load: Arc<AtomicUsize>,
    waiting: HashMap<Ticket, Call>,
    /// Calls that nobody waits for any more, and until when their answers may come.
    abandoned: HashMap<Ticket, Instant>,
    /// Ends for each call: with `true` when it is cancelled, with `false` when it is over.
    signals: FuturesUnordered<BoxFuture<(Ticket, bool)>>,
    /// Requests that are still to be written.
    requests: Vec<u8>,
    /// Not later than any deadline.
    until: Option<Instant>,
}

impl Calls {
    fn new(load: Arc<AtomicUsize>) -> Calls {
        Calls {
            load,
            waiting: HashMap::new(),
            abandoned: HashMap::new(),
            signals: FuturesUnordered::new(),
            requests: Vec::new(),
            until: None,
        }
    }

    fn begin(&mut self, mut job: Job) {
        let now = std::time::Instant::now();
        if let Err(error) = protocol::write_request(&mut self.requests, &job.attempt, now) {
            self.load.fetch_sub(1, Ordering::Relaxed);
            return job.finish(Err(error));
        }
        let (ticket, deadline) = (job.attempt.ticket, Instant::from(job.attempt.until));
        let signal = std::mem::take(&mut job.cancelled);
        self.signals.push(Box::pin(async move { (ticket, signal.was_sent().await) }));
        self.until = Some(self.until.map_or(deadline, |until| until.min(deadline)));
        self.waiting.insert(ticket, Call { job, n_progress: 0 });
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.abandoned.is_empty()
    }

    /// What a line of the process means; after an error nothing it says counts.
    fn hear(&mut self, agent: &str, line: &[u8]) -> Result<(), AgentError> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let (id, line) = protocol::read_any(agent, line)?;
        let ticket = protocol::ticket_of(&id).ok_or_else(|| errors::unknown_id(agent, &id))?;
        match (line, self.waiting.get_mut(&ticket)) {
            (Line::Answer(answer), Some(_)) => self.finish(ticket, answer),
            (Line::Progress(progress), Some(call)) => {
                call.n_progress += 1;
                if call.n_progress <= MAX_PROGRESS {
                    call.job.note(AgentNote::Progress(progress));
                }
            }
            (Line::Answer(_), None) if self.abandoned.remove(&ticket).is_some() => {
                self.load.fetch_sub(1, Ordering::Relaxed);
            }
            (Line::Progress(_), None) if self.abandoned.contains_key(&ticket) => {}
            (_, None) => return Err(errors::unknown_id(agent, &id)),
        }
        Ok(())
    }

    /// There is a place again before the answer is told, so that whoever waits for it finds it.
    fn finish(&mut self, ticket: Ticket, result: Result<AgentReply, AgentError>) {
        if let Some(call) = self.waiting.remove(&ticket) {
            self.load.fetch_sub(1, Ordering::Relaxed);
            call.job.finish(result);
        }
    }

    fn abandon(&mut self, ticket: Ticket, error: impl FnOnce(&AgentSpec) -> AgentError) {
        if let Some(call) = self.waiting.remove(&ticket) {
            let attempt = &call.job.attempt;
            self.abandoned.insert(ticket, attempt.until.into());
            let error = error(&attempt.spec);
            call.job.finish(Err(error));
        }
    }

    /// Ends the calls whose time is over; `true` if there was one, or if one that was cancelled has
    /// not been answered in its time either.
    fn expire(&mut self) -> bool {
        let now = Instant::now();
        let deadlines =
            self.waiting.iter().map(|(ticket, call)| (*ticket, call.job.attempt.until.into()));
        let late: Vec<Ticket> = deadlines
            .filter_map(|(ticket, deadline): (_, Instant)| (deadline <= now).then_some(ticket))
            .collect();
        for ticket in late {
            self.abandon(ticket, |spec| errors::timed_out(&spec.name, spec.timeout));
        }
        let waiting = self.waiting.values().map(|call| Instant::from(call.job.attempt.until));
        let (late, early): (Vec<Instant>, Vec<Instant>) =
            waiting.chain(self.abandoned.values().copied()).partition(|until| *until <= now);
        self.until = early.into_iter().min();
        !late.is_empty()
    }

    fn end_all(&mut self, error: &AgentError) {
        for (_, call) in self.waiting.drain() {
            call.job.finish(Err(error.clone()));
        }
    }
}

/// Serves calls until nobody waits for one and none comes any more. What goes wrong with the
/// process leaves calls behind.
async fn talk(
    process: &mut Process,
    hall: &mut Hall,
    calls: &mut Calls,
    idle: Duration,
    halls: &Halls,
) -> Result<(), AgentError> {
    let mut rests_since = Instant::now();
    let mut exited: Option<(ExitStatus, Instant)> = None;
    let mut is_closed = false;
    while !(is_closed && calls.waiting.is_empty()) {
        let until = match exited {
            // What the pipe still holds is read.
            Some((_, drained)) => Some(drained),
            None if calls.is_empty() => Some(rests_since + idle),
            None => calls.until,
        };
        let Process { child, stdin, stdout, stderr, alarm, .. } = &mut *process;
        let Calls { waiting, signals, requests, .. } = &mut *calls;
        // Standard error does not say which call it is about.
        let note = |note| {
            if let Some(call) = waiting.values().min_by_key(|call| call.job.attempt.ticket.0) {
                call.job.note(note);
            }
        };
        tokio::select! {
            next = stdout.next() => {
                let mut next = Some(next);
                while let Some(read) = next {
                    match read {
                        Next::Line(line) => calls.hear(&hall.agent, line)?,
                        Next::TooLong(limit) => {
                            return Err(errors::line_too_long(&hall.agent, limit));
                        }
                        Next::End => {
                            let status = exited.map(|(status, _)| status);
                            return Err(last_word(process, &hall.agent, status, EXIT).await);
                        }
                    }
                    next = process.stdout.buffered_line();
                }
            }
            n_written = write(stdin, requests), if !requests.is_empty() => {
                calls.requests.drain(..n_written);
            }
            job = hall.jobs.recv(), if !is_closed && exited.is_none() => match job {
                Some(job) => {
                    if calls.waiting.is_empty() {
                        stderr.start_call();
                    }
                    calls.begin(job);
                    while let Ok(job) = hall.jobs.try_recv() {
                        calls.begin(job);
                    }
                }
                None => is_closed = true,
            },
            Some((ticket, is_cancelled)) = signals.next() => if is_cancelled {
                calls.abandon(ticket, |spec| errors::cancelled(&spec.name));
            },
            status = child.wait(), if exited.is_none() => {
                halls.leave(hall);
                // An exit that cannot be told is one all the same.
                let Ok(status) = status else { return Err(errors::closed_output(&hall.agent)) };
                exited = Some((status, Instant::now() + DRAIN));
            }
            () = stderr.pump(&note), if stderr.is_open() => {}
            () = at(alarm, until) => match exited {
                Some((status, _)) => return Err(errors::exited(&hall.agent, &describe(status))),
                None if calls.is_empty() => halls.leave(hall),
                // It gets no new calls.
                None => if calls.expire() {
                    halls.leave(hall);
                },
            },
        }
        if !calls.is_empty() {
            rests_since = Instant::now();
        }
    }
    Ok(())
}

/// A process that ends early closes the pipe; what it then says or does not say decides.
async fn write(stdin: &mut Option<Sender>, requests: &[u8]) -> usize {
    let written = match stdin {
        Some(pipe) => pipe.write(requests).await.ok(),
        None => None,
    };
    written.unwrap_or(requests.len())
}

async fn at(alarm: &mut Alarm, until: Option<Instant>) {
    match until {
        Some(until) => alarm.at(until).await,
        None => std::future::pending().await,
    }
}
