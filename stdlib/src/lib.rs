//! The standard library: Prism source, embedded.

/// Every module: the path that imports name it by, and its text.
const FILES: &[(&str, &str)] = &[
    ("@prism/aggregation", include_str!("../aggregation.prism")),
    ("@prism/confidence", include_str!("../confidence.prism")),
    ("@prism/control", include_str!("../control.prism")),
    ("@prism/execution", include_str!("../execution.prism")),
    ("@prism/methods/agent", include_str!("../methods/agent.prism")),
    ("@prism/methods/array", include_str!("../methods/array.prism")),
    ("@prism/methods/contract", include_str!("../methods/contract.prism")),
    ("@prism/prelude", include_str!("../prelude.prism")),
    ("@prism/test", include_str!("../test.prism")),
];

/// The modules, ordered by path.
pub fn files() -> &'static [(&'static str, &'static str)] {
    FILES
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_are_ordered_and_unique() {
        assert!(super::FILES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
