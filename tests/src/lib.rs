//! What the runners of this folder share: cases, examples in documents, and how to run a program
//! in this process the way `prism run` does.

pub mod case;
pub mod examples;
