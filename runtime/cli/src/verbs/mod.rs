//! One file per verb of `prism`.

pub mod approvals;
pub mod approve;
pub mod audit;
pub mod calibration;
pub mod cancel;
pub mod completions;
pub mod diff;
pub mod events;
pub mod gc;
pub mod logs;
pub mod repl;
pub mod replay;
pub mod resume;
pub mod run;
pub mod runs;
pub mod schedule;
pub mod status;
pub mod test;
pub mod values;
pub mod worker;
