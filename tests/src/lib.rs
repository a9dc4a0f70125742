//! prism-tests
