//! Reads how many tests passed from what test programs print.

/// What one or several test programs counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
}

impl Count {
    pub fn add(&mut self, other: Count) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Adds what a line says, when it is the summary of a test program:
    /// `test result: ok. 12 passed; 0 failed; …` of Rust, `# pass 3` and `# fail 0` of Node.
    pub fn read_line(&mut self, line: &str) {
        if let Some(summary) = line.strip_prefix("test result: ") {
            for part in summary.split([';', '.']) {
                let part = part.trim();
                self.passed += number_before(part, " passed");
                self.failed += number_before(part, " failed");
            }
        } else if let Some(passed) = line.strip_prefix("# pass ") {
            self.passed += passed.trim().parse().unwrap_or(0);
        } else if let Some(failed) = line.strip_prefix("# fail ") {
            self.failed += failed.trim().parse().unwrap_or(0);
        }
    }
}

fn number_before(part: &str, word: &str) -> u64 {
    part.strip_suffix(word).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_rust_and_node_are_read_and_other_lines_are_not() {
        let mut count = Count::default();
        count.read_line("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured");
        count.read_line("test result: FAILED. 3 passed; 2 failed; 0 ignored");
        count.read_line("# pass 4");
        count.read_line("# fail 1");
        count.read_line("running 3 tests, 99 passed earlier");
        assert_eq!(count, Count { passed: 19, failed: 3 });
    }
}
