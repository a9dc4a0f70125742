//! prism-typeck
