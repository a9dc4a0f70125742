//! prism-codegen
