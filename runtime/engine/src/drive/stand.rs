//! Where the run stands, for whoever goes on with it.

use std::sync::Arc;

use prism_journal::NextCheckpoint;

use super::Driver;
use crate::checkpoint::Stand;
use crate::record::Asked;
use crate::{Error, Mode};

impl Driver {
    /// Gives the journal's next batch a checkpoint, when one is due: everything that the machine
    /// asked for is known here, and everything that it had is durable or on its way before that
    /// batch.
    pub(super) fn note_stand(&mut self) {
        // A run that goes on moves first.
        if self.recorder.company.is_some() {
            return;
        }
        let next_seq = self.recorder.log.next_seq();
        let is_due = self.recorder.pace.is_due(next_seq, || self.machine.memory_used());
        if !is_due || !self.ready.is_empty() || !self.requests.to_withdraw.is_empty() {
            return;
        }
        // A machine holds the secrets of its run in clear.
        if !self.recorder.secrets.is_empty() {
            return;
        }
        let Some(checkpoint) = self.stand().map(|stand| stand.to_checkpoint()) else { return };
        if let Some(checkpoint) = self.recorder.pace.note(checkpoint) {
            self.recorder.checkpoint = NextCheckpoint::Put(checkpoint);
        }
    }

    /// Brings a driver to where its machine stands.
    pub(crate) fn stands_at(
        &mut self,
        requests: Vec<Asked>,
        cancelled: Vec<Arc<str>>,
        output: Vec<String>,
    ) -> Result<(), Error> {
        for asked in requests {
            self.world.past.check(self.world.run, &asked)?;
            let entries = self.world.past.take_open(&asked.effect_id);
            self.requests.add(asked, entries);
        }
        cancelled.into_iter().for_each(|effect_id| self.requests.note_cancelled(effect_id));
        if let Some(watch) = &self.recorder.watch {
            output.iter().for_each(|line| watch.line(line));
        }
        self.output = output;
        Ok(())
    }

    /// `None` without a machine that can be kept.
    fn stand(&mut self) -> Option<Stand> {
        // What is not durable was not fed, but in fast mode.
        let unsettled = match self.mode {
            Mode::Full => self.recorder.first_unsettled(),
            Mode::Fast { .. } => None,
        };
        let (seq, prev) = match unsettled {
            Some(entry) => (entry.seq, entry.prev),
            None => (self.recorder.log.next_seq(), self.recorder.log.prev()),
        };
        let is_told = self.recorder.watch.is_some()
            && (self.mode == Mode::Full || self.recorder.is_settled());
        let requests = self.requests.in_order();
        let past = &self.world.past;
        let step = |id| Some(past.escalated(id) as u64).filter(|step| *step > 0);
        let entries = requests.iter().flat_map(|pending| &pending.entries);
        let mut entries: Vec<_> = entries.filter(|entry| entry.seq < seq).cloned().collect();
        entries.sort_unstable_by_key(|entry| entry.seq);
        Some(Stand {
            seq,
            prev,
            first: self.recorder.first.clone(),
            entries,
            escalated: requests
                .iter()
                .map(|pending| &pending.asked.effect_id)
                .filter_map(|id| Some((id.clone(), step(id)?)))
                .collect(),
            requests: requests.iter().map(|pending| pending.asked.clone()).collect(),
            cancelled: self
                .recorder
                .unsettled()
                .map(|entry| &entry.effect_id)
                .filter(|id| self.requests.is_cancelled(id))
                .cloned()
                .collect(),
            n_printed: past.n_printed as u64,
            announced: past.announced,
            counted: is_told.then(|| {
                let open = requests.iter().map(|pending| &pending.asked.effect_id);
                self.recorder.fold.counted(open)
            }),
            output: self.output.clone(),
            machine: self.machine.snapshot()?,
        })
    }
}
