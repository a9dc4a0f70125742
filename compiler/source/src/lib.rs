//! prism-source
