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
    /// `test result: ok. 12 passed; 0 failed; …` of Rust, `# pass 3` and `# fail 0` of Node,
    /// `Ran 24 tests in 1s` and `FAILED (failures=1, errors=2)` of Python.
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
        } else if let Some(ran) = line.strip_prefix("Ran ") {
            let number = ran.split_once(" test").map(|(number, _)| number);
            self.passed += number.and_then(|number| number.parse().ok()).unwrap_or(0);
        } else if let Some(kinds) = line.strip_prefix("FAILED (") {
            // Python counts what failed among what ran.
            let failed: u64 = kinds.trim_end_matches(')').split(", ").map(number_after).sum();
            self.failed += failed;
            self.passed = self.passed.saturating_sub(failed);
        }
    }
}

/// `failures=2` or `errors=1`; what was skipped or is expected to fail does not count.
fn number_after(part: &str) -> u64 {
    match part.split_once('=') {
        Some(("failures" | "errors" | "unexpected successes", number)) => {
            number.parse().unwrap_or(0)
        }
        Some(_) | None => 0,
    }
}

fn number_before(part: &str, word: &str) -> u64 {
    part.strip_suffix(word).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_read_and_other_lines_are_not() {
        let mut count = Count::default();
        count.read_line("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured");
        count.read_line("test result: FAILED. 3 passed; 2 failed; 0 ignored");
        count.read_line("# pass 4");
        count.read_line("# fail 1");
        count.read_line("Ran 24 tests in 4.731s");
        count.read_line("FAILED (failures=1, errors=2, skipped=5)");
        count.read_line("running 3 tests, 99 passed earlier");
        assert_eq!(count, Count { passed: 40, failed: 6 });
    }
}
