//! One file per verb of `prism`.

pub mod approve;
pub mod audit;
pub mod completions;
pub mod diff;
pub mod events;
pub mod repl;
pub mod replay;
pub mod resume;
pub mod run;
pub mod runs;
pub mod test;
