//! prism-ir
