//! One file per verb of `prism`.

pub mod approve;
pub mod completions;
pub mod events;
pub mod resume;
pub mod run;
pub mod runs;
