//! prism-hir
