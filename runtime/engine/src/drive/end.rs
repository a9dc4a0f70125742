//! How a run ends, or is put down.

use prism_journal::{Draft, Kind, Status};
use serde_json::json;

use super::{Driver, End, Signal, Stop};
use crate::record::{PARKED, event_draft, now_micros, run_draft};
use crate::recorder::Then;
use crate::result::{Failure, RunResult};
use crate::{Error, WhenWaiting, codec, effects};

impl Driver {
    /// The result of a run in which nothing is under way any more.
    pub(super) async fn idle_result(&mut self) -> Result<Option<RunResult>, Error> {
        let is_busy = !self.ready.is_empty() || !self.recorder.is_settled() || !self.is_begun;
        let horizon = match self.when_waiting {
            WhenWaiting::Stay | WhenWaiting::Leave => i64::MAX,
            WhenWaiting::Park { beyond } => effects::after(beyond),
        };
        if is_busy || self.requests.is_any_under_way(horizon, now_micros()) {
            return Ok(None);
        }
        let run = self.world.run;
        let (questions, due) = (self.requests.questions(), self.requests.next_due());
        if questions.is_empty() && due.is_none() {
            return Err(Error::Stuck { run });
        }
        match self.when_waiting {
            WhenWaiting::Stay => return Ok(None),
            WhenWaiting::Leave => self.stop_work().await,
            WhenWaiting::Park { .. } => {
                self.stop_work().await;
                let parked = event_draft(None, PARKED, json!({ "due": due }));
                self.close(parked).await?;
            }
        }
        let output = std::mem::take(&mut self.output);
        Ok(Some(RunResult { questions, due, ..RunResult::new(run, Status::Waiting, output) }))
    }

    pub(super) async fn finish(mut self: Box<Self>, end: End) -> Result<RunResult, Error> {
        self.stop_work().await;
        let run = self.world.run;
        let output = std::mem::take(&mut self.output);
        let secrets = &self.recorder.secrets;
        let (kind, payload, result) = match end {
            End::Done(mut value) => {
                secrets.hide_data(&mut value);
                let payload = json!({ "value": codec::to_json(&value), "output": output });
                (Kind::RunCompleted, payload, RunResult::completed(run, value, output))
            }
            End::Trap(trap) => {
                let mut failure = Failure::from_trap(trap);
                secrets.hide_text(&mut failure.message);
                secrets.hide_data(&mut failure.data);
                let payload = json!({ "failure": failure.to_json(), "output": output });
                (Kind::RunFailed, payload, RunResult::failed(run, failure, output))
            }
        };
        self.recorder.drop_checkpoint();
        self.close(run_draft(kind, &payload)).await?;
        Ok(result)
    }

    pub(super) async fn stop(mut self: Box<Self>, stop: Stop) -> Result<RunResult, Error> {
        self.stop_work().await;
        // An answer that has come is kept, even though the machine gets it only later. What else
        // is heard, another wish to stop included, changes nothing any more.
        let _ = self.take_in(None)?;
        let run = self.world.run;
        let output = std::mem::take(&mut self.output);
        match stop {
            Stop::Interrupt => {
                self.close(run_draft(Kind::RunInterrupted, &json!({}))).await?;
                let questions = self.requests.questions();
                Ok(RunResult { questions, ..RunResult::new(run, Status::Interrupted, output) })
            }
            Stop::Cancel(reason) => {
                let payload = json!({ "reason": reason, "output": output });
                self.recorder.drop_checkpoint();
                self.close(run_draft(Kind::RunCancelled, &payload)).await?;
                Ok(RunResult::new(run, Status::Cancelled, output))
            }
        }
    }

    /// Nothing is under way any more for this run when it is ready.
    async fn stop_work(&mut self) {
        self.requests.stop();
        self.jobs.shutdown().await;
    }

    /// Writes the last entry of this process and waits until all is durable.
    async fn close(&mut self, last: Draft) -> Result<(), Error> {
        self.recorder.append(vec![last], Vec::new(), Then::default());
        while !self.recorder.is_settled() {
            match self.inbox.recv().await {
                Signal::Durable(outcome) => {
                    drop(self.recorder.settle(outcome.map_err(|error| *error))?)
                }
                Signal::Note(..)
                | Signal::Finished(..)
                | Signal::Parked(_)
                | Signal::Escalated(_)
                | Signal::Message(_)
                | Signal::Stop(_) => {}
            }
        }
        Ok(())
    }
}
