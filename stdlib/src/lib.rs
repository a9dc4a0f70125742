//! prism-stdlib
