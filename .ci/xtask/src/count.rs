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
    /// `Ran 24 tests in 1s` and `FAILED (failures=1, errors=2)` of Python's unittest,
    /// `1 failed, 4 passed, 2 skipped in 3.05s` of pytest.
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
        } else if let Some(parts) = pytest_parts(line) {
            for (number, kind) in parts {
                match kind {
                    "passed" => self.passed += number,
                    "failed" | "error" | "errors" => self.failed += number,
                    _ => {}
                }
            }
        }
    }
}

/// The numbers in the last line of pytest, which ends in how long it took.
fn pytest_parts(line: &str) -> Option<Vec<(u64, &str)>> {
    let (counts, time) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
    let seconds = time.split(' ').next()?.strip_suffix('s')?;
    seconds.parse::<f64>().ok()?;
    let parts = counts.split(", ").map(|part| {
        let (number, kind) = part.split_once(' ')?;
        let is_word = kind.bytes().all(|byte| byte.is_ascii_lowercase());
        Some((number.parse().ok().filter(|_| is_word)?, kind))
    });
    parts.collect()
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
        let mut count = Count::default();
        count.read_line("==== 1 failed, 4 passed, 2 skipped, 1 error in 63.05s (0:01:03) ====");
        count.read_line("7 passed in 2.50s");
        count.read_line("no tests ran in 0.01s");
        count.read_line("3 passed in the first round");
        count.read_line("== 500 files, 2 changed in 3s ==");
        assert_eq!(count, Count { passed: 11, failed: 2 });
    }
}
