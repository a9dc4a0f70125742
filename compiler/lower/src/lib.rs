//! prism-lower
