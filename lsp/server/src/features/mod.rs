//! One file per feature: from the protocol's question to `prism-ide`, and back.

pub mod actions;
pub mod completion;
pub mod definition;
pub mod format;
pub mod hover;
pub mod pull;
pub mod symbols;
