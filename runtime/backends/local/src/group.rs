//! A process group: an agent's process and everything it started that stayed in its group.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::guardian::{Guardian, Place};

/// How long killed processes may take to disappear before we stop looking.
const VANISH: Duration = Duration::from_secs(1);

/// Kills the group when dropped, unless it is known to be empty.
pub(crate) struct Group {
    id: Pid,
    guardian: Arc<Guardian>,
    place: Place,
    is_empty: bool,
}

impl Group {
    pub(crate) fn new(id: Pid, guardian: Arc<Guardian>) -> Group {
        let place = guardian.watch(id);
        Group { id, guardian, place, is_empty: false }
    }

    /// Asks every process of the group to end.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends every process of the group.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Kills what is left after the leader was reaped, and waits until it is gone.
    ///
    /// The group's number stays taken as long as it has members; an empty group answers
    /// "no such process", and numbers are handed out in turn, so that a new group with this
    /// number within these microseconds is not a practical concern.
    pub(crate) async fn clear(&mut self) {
        let end = Instant::now() + VANISH;
        let mut pause = Duration::from_micros(200);
        while test_kill_process_group(self.id).is_ok() && Instant::now() < end {
            self.kill();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        self.is_empty = true;
    }

    /// The group may already be empty, which is what the signal was for.
    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.id, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_empty {
            self.kill();
        }
        self.guardian.release(self.place);
    }
}
