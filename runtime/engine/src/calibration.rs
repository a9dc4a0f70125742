//! How often a stated confidence was right, by what people decided about it.
//!
//! A decision judges what it was about: of a proposal that is approved or rejected, every answer
//! that is equal to it, and the proposal itself where it has a confidence; of a question with
//! choices, every answer that is one of them. Questions that nobody decided judge nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use prism_journal::{Entry, Kind, RunId, Store};
use prism_vm::{Answer, Data};

use crate::people::{BY_DEADLINE, BY_PROGRAM, BY_SCRIPT, Decision, Question};
use crate::record::{answer_from_json, expect, payload};
use crate::{Error, effects, people};

/// One statement, and whether a person agreed.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub run: RunId,
    /// The program's name.
    pub program: Arc<str>,
    /// Who stated it; `None`: the program, in its proposal.
    pub agent: Option<Arc<str>>,
    /// What was stated, in [0, 1].
    pub confidence: f64,
    pub is_right: bool,
}

/// All judged statements of a store, by run.
pub fn judged(store: &dyn Store) -> Result<Vec<Judged>, Error> {
    let mut all = Vec::new();
    for record in store.runs()? {
        let entries = store.read(record.run, 0)?;
        let mut run = Run { program: record.name, stated: Vec::new(), questions: HashMap::new() };
        for entry in &entries {
            run.add(store, entry, &mut all)?;
        }
    }
    Ok(all)
}

/// What is known of a run, entry by entry.
struct Run {
    program: Arc<str>,
    /// Agents, what they answered, and how sure they were.
    stated: Vec<(Arc<str>, Data, f64)>,
    questions: HashMap<Arc<str>, Question>,
}

impl Run {
    fn add(
        &mut self,
        store: &dyn Store,
        entry: &Entry,
        all: &mut Vec<Judged>,
    ) -> Result<(), Error> {
        match entry.kind {
            Kind::Answer => {
                let payload = payload(store, entry)?;
                let agent = payload["agent"].as_str().map(Arc::from);
                let answer = expect(answer_from_json(payload), entry)?;
                let (Some(agent), Answer::Value(value)) = (agent, answer) else { return Ok(()) };
                let value = effects::given(entry, &value);
                if let Some(confidence) = value.confidence() {
                    self.stated.push((agent, value.plain().clone(), confidence));
                }
            }
            Kind::Waiting => {
                let question = people::question_from_entry(store, entry)?;
                self.questions.insert(entry.effect_id.clone(), question);
            }
            Kind::Decision => {
                let decision = people::decision_from_json(payload(store, entry)?);
                let decision = expect(decision, entry)?;
                if let Some(question) = self.questions.get(&entry.effect_id)
                    && ![BY_DEADLINE, BY_PROGRAM, BY_SCRIPT].contains(&decision.by.as_str())
                {
                    self.judge(question, &decision, all);
                }
            }
            Kind::RunStarted
            | Kind::AttemptStarted
            | Kind::AttemptFailed
            | Kind::Timer
            | Kind::Event
            | Kind::RunResumed
            | Kind::RunInterrupted
            | Kind::RunCompleted
            | Kind::RunFailed
            | Kind::RunCancelled => {}
        }
        Ok(())
    }

    fn judge(&self, question: &Question, decision: &Decision, all: &mut Vec<Judged>) {
        let proposal = question.proposal.plain();
        // `None`: the decision says nothing about this value.
        let verdict = |value: &Data| match &decision.choice {
            Some(choice) => question.choices.contains(value).then_some(choice.plain() == value),
            None => (proposal != &Data::Null && value == proposal).then_some(decision.approved),
        };
        let own = question.proposal.confidence().map(|confidence| (None, proposal, confidence));
        let of_agents = self.stated.iter();
        let of_agents =
            of_agents.map(|(agent, value, confidence)| (Some(agent.clone()), value, *confidence));
        for (agent, value, confidence) in of_agents.chain(own) {
            if let Some(is_right) = verdict(value) {
                let (run, program) = (question.run, self.program.clone());
                all.push(Judged { run, program, agent, confidence, is_right });
            }
        }
    }
}

/// How statements and decisions go together.
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    pub n: usize,
    /// The mean of the squared distance between what was stated and what was right (1) or wrong
    /// (0): 0 is perfect, 0.25 is what always saying 0.5 gets.
    pub brier: f64,
    /// The expected calibration error: the distance between stated and right, over the bins,
    /// weighted by their size.
    pub ece: f64,
    /// Ten, of equal width.
    pub bins: Vec<Bin>,
    /// The learned map: rising pairs of a stated confidence and the share that was right there.
    pub map: Vec<(f64, f64)>,
}

/// The statements with a confidence in a range; the last range includes 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    pub n: usize,
    /// The mean of what was stated; 0 in an empty bin.
    pub stated: f64,
    /// The share that was right.
    pub right: f64,
}

/// Bins of a reliability table.
pub const N_BINS: usize = 10;

/// Reckons with all statements; `None` without any.
pub fn reliability<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> Option<Reliability> {
    let mut points: Vec<(f64, f64)> =
        judged.into_iter().map(|one| (one.confidence, f64::from(u8::from(one.is_right)))).collect();
    points.sort_by(|one, two| one.0.total_cmp(&two.0));
    let n = points.len();
    if n == 0 {
        return None;
    }
    let brier =
        points.iter().map(|(stated, right)| (stated - right).powi(2)).sum::<f64>() / n as f64;
    let mut bins = vec![Bin::default(); N_BINS];
    for (stated, right) in &points {
        let place = ((stated * N_BINS as f64) as usize).min(N_BINS - 1);
        let bin = &mut bins[place];
        bin.n += 1;
        bin.stated += stated;
        bin.right += right;
    }
    for bin in bins.iter_mut().filter(|bin| bin.n > 0) {
        bin.stated /= bin.n as f64;
        bin.right /= bin.n as f64;
    }
    let gap = |bin: &Bin| bin.n as f64 * (bin.stated - bin.right).abs();
    let ece = bins.iter().map(gap).sum::<f64>() / n as f64;
    Some(Reliability { n, brier, ece, bins, map: rising(&points) })
}

/// The rising steps that are nearest to the points, which are sorted: neighbours that fall are
/// pooled until none do.
fn rising(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    // Weight, sum of what was stated, sum of what was right.
    let mut pools: Vec<(f64, f64, f64)> = Vec::new();
    let mut same: BTreeMap<u64, (f64, f64, f64)> = BTreeMap::new();
    for (stated, right) in points {
        // Bits of numbers that are not negative rise with them.
        let pool = same.entry(stated.abs().to_bits()).or_default();
        *pool = (pool.0 + 1.0, pool.1 + stated, pool.2 + right);
    }
    for mut pool in same.into_values() {
        while let Some(last) = pools.last()
            && last.2 / last.0 >= pool.2 / pool.0
        {
            pool = (pool.0 + last.0, pool.1 + last.1, pool.2 + last.2);
            pools.pop();
        }
        pools.push(pool);
    }
    pools.into_iter().map(|(n, stated, right)| (stated / n, right / n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(points: &[(f64, bool)]) -> Vec<Judged> {
        let one = |(confidence, is_right): &(f64, bool)| Judged {
            run: RunId::from_bytes([0; 10]),
            program: "p".into(),
            agent: None,
            confidence: *confidence,
            is_right: *is_right,
        };
        points.iter().map(one).collect()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "expected {expected}, found {found}");
    }

    #[test]
    fn numbers_reckoned_by_hand() {
        let found = reliability(&judged(&[(0.9, true), (0.9, true), (0.9, false), (0.3, false)]));
        let found = found.unwrap();
        // (0.01 + 0.01 + 0.81 + 0.09) / 4
        near(found.brier, 0.23);
        // (3 × |0.9 − 2/3| + 1 × |0.3 − 0|) / 4 = (0.7 + 0.3) / 4
        near(found.ece, 0.25);
        assert_eq!(found.n, 4);
        let sizes: Vec<usize> = found.bins.iter().map(|bin| bin.n).collect();
        assert_eq!(sizes, [0, 0, 0, 1, 0, 0, 0, 0, 0, 3]);
        assert_eq!(found.map.len(), 2);
        near(found.map[0].0, 0.3);
        near(found.map[0].1, 0.0);
        near(found.map[1].0, 0.9);
        near(found.map[1].1, 2.0 / 3.0);
    }

    #[test]
    fn the_map_rises_where_the_record_falls() {
        // 0.5 was right, 0.6 wrong, 0.7 wrong, 0.8 right: the first three are one step of 1/3.
        let found = reliability(&judged(&[(0.8, true), (0.5, true), (0.7, false), (0.6, false)]));
        let map = found.unwrap().map;
        assert_eq!(map.len(), 2);
        near(map[0].0, 0.6);
        near(map[0].1, 1.0 / 3.0);
        near(map[1].0, 0.8);
        near(map[1].1, 1.0);
    }

    #[test]
    fn the_ends_of_the_scale_are_in_bins() {
        let found = reliability(&judged(&[(0.0, false), (1.0, true)])).unwrap();
        assert_eq!((found.bins[0].n, found.bins[9].n), (1, 1));
        near(found.brier, 0.0);
        near(found.ece, 0.0);
        assert_eq!(reliability(&[]), None);
    }
}
