//! What the runners of this folder share: cases, examples in documents, and how to run a program
//! in this process the way `prism run --json` does.

pub mod case;
pub mod examples;
pub mod files;
pub mod generate;
pub mod judge;
pub mod machine;
pub mod program;
pub mod random;
pub mod replay;
