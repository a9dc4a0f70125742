//! prism-driver
