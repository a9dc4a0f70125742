//! The engine: drives machines, and keeps their runs.
//!
//! In: a verified program with inputs, or the name of a run. Out: a [`RunResult`], and a journal
//! that tells every effect. True in between: the machine gets no answer that is not durable; what
//! the journal has is never asked for again; a run is driven by one process at a time, and any
//! process may go on where another one stopped.

mod engine;

mod event_loop;

mod drive;

mod compute;

mod programs;

mod requests;

mod effects;

mod past;

mod inherited;

mod opening;

mod checkpoint;

mod recorder;

mod described;

mod secrets;

mod inbox;

mod mailbox;

mod record;

mod codec;

mod start;

mod take_up;

mod schedule;

mod script;

mod people;

mod event;

mod tail;

mod standing;

mod events;

mod logs;

mod result;

mod runs;

mod rerun;

mod replay;

mod fork;

mod shadow;

mod compare;

mod audit;

mod calibration;

mod cancel;

mod gc;

mod error;

#[cfg(test)]
mod tests;

pub use audit::{Audited, audit, export};
pub use calibration::{Bin, Judged, N_BINS, Reliability, judged, reliability};
pub use cancel::{Cancelled, cancel};
pub use compare::{Comparison, Difference, compare};
pub use engine::{Engine, Host, Mode, RunHandle, Serve, Stopper, Watch, WhenWaiting};
pub use error::Error;
pub use event::{Event, EventKind, iso_time};
pub use events::{Events, Told};
pub use fork::Fork;
pub use gc::{old_runs, remove};
pub use logs::{Line, Logs, Source};
pub use people::{
    Ask, Choice, Decided, Decision, Question, Step, decide, meant, open_questions, undecided,
};
pub use record::now_micros;
pub use replay::{Divergence, Replayed, replay};
pub use rerun::Changes;
pub use result::{Failure, RunResult};
pub use runs::{Parked, answers, find_run, outcome, parked, record, runs};
pub use schedule::{Planned, Progress, Ticked, plan};
pub use script::Script;
pub use secrets::{Environment, HIDDEN, Vault};
pub use shadow::{Compared, Shadowed};
pub use standing::Standing;
pub use start::{Parent, Recorded, Start, begun, recorded};
pub use take_up::{Taken, take_up};
