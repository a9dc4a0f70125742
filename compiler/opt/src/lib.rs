//! prism-opt
