//! prism-project
