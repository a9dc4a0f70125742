//! Carries attempts and cancellations to one backend, in order and in batches.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::board::Board;
use crate::{Attempt, Backend, Report, Reports, Ticket, errors};

/// The largest batch handed over at once.
const BATCH: usize = 4096;

pub(crate) struct Pump {
    backend: Arc<dyn Backend>,
    orders: mpsc::UnboundedSender<Order>,
}

/// Starts are bounded by the places of the agents, cancellations by the starts.
enum Order {
    Start(Attempt),
    Cancel(Ticket),
}

impl Pump {
    /// Spawns the task that serves this backend until the pump is dropped.
    pub(crate) fn start(backend: Arc<dyn Backend>, board: Arc<Board>) -> Pump {
        let (orders, incoming) = mpsc::unbounded_channel();
        let reports: Reports = Arc::new(move |report| board.report(report));
        let runtime = backend.runtime().unwrap_or_else(Handle::current);
        runtime.spawn(serve(backend.clone(), Orders { incoming, reports }));
        Pump { backend, orders }
    }

    pub(crate) fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// `false`: the runtime is gone, and nobody will report on it.
    pub(crate) fn start_attempt(&self, attempt: Attempt) -> bool {
        self.orders.send(Order::Start(attempt)).is_ok()
    }

    pub(crate) fn cancel(&self, ticket: Ticket) {
        // If the runtime is gone, the attempt is as well.
        let _ = self.orders.send(Order::Cancel(ticket));
    }
}

/// What comes to a backend. Attempts that are left when the runtime stops are cancelled.
struct Orders {
    incoming: mpsc::UnboundedReceiver<Order>,
    reports: Reports,
}

impl Drop for Orders {
    fn drop(&mut self) {
        self.incoming.close();
        while let Ok(order) = self.incoming.try_recv() {
            if let Order::Start(attempt) = order {
                cancelled(&attempt, &self.reports);
            }
        }
    }
}

fn cancelled(attempt: &Attempt, reports: &Reports) {
    reports(Report::Done(attempt.ticket, Err(errors::cancelled(&attempt.spec.name))));
}

async fn serve(backend: Arc<dyn Backend>, mut from: Orders) {
    let mut orders = Vec::new();
    while from.incoming.recv_many(&mut orders, BATCH).await > 0 {
        let (mut starts, mut cancels) = (Vec::new(), Vec::new());
        for order in orders.drain(..) {
            match order {
                Order::Start(attempt) => starts.push(attempt),
                Order::Cancel(ticket) => cancels.push(ticket),
            }
        }
        let (unsent, sent) = split(&mut starts, cancels);
        if !starts.is_empty() {
            backend.submit(starts, from.reports.clone());
        }
        if !sent.is_empty() {
            backend.cancel(&sent);
        }
        unsent.iter().for_each(|attempt| cancelled(attempt, &from.reports));
    }
}

/// Takes the attempts out of `starts` that were cancelled before they went out; the other
/// cancelled tickets are the backend's.
fn split(starts: &mut Vec<Attempt>, cancels: Vec<Ticket>) -> (Vec<Attempt>, Vec<Ticket>) {
    if cancels.is_empty() {
        return (Vec::new(), cancels);
    }
    let mut cancelled: HashSet<Ticket> = cancels.into_iter().collect();
    let unsent: Vec<Attempt> =
        starts.extract_if(.., |attempt| cancelled.remove(&attempt.ticket)).collect();
    (unsent, cancelled.into_iter().collect())
}
