//! Shadow runs: agents are asked again, and what they say now is compared with what is recorded.
//!
//! The program itself goes the recorded way. Nothing is written anywhere, and no person is asked.

use std::sync::Arc;

use prism_journal::RunId;
use prism_vm::Answer;
use tokio::task::JoinSet;

use crate::record::Site;
use crate::replay::{Divergence, follow};
use crate::rerun::{Changes, Original};
use crate::{Engine, Error, effects, fork};

/// What agents say now.
#[derive(Clone, Debug, PartialEq)]
pub struct Shadowed {
    pub run: RunId,
    /// In the recorded order.
    pub calls: Vec<Compared>,
    /// Where the program left its journal, which ends the comparison.
    pub divergence: Option<Divergence>,
}

/// One call, then and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub effect_id: Arc<str>,
    pub agent: Arc<str>,
    pub recorded: Answer,
    pub live: Answer,
}

impl Engine {
    /// Asks the agents of a run again, from a site on if one is named.
    ///
    /// Errors: `P2008` unknown run, `P2019` unknown site.
    pub async fn shadow(
        &self,
        run: RunId,
        changes: Changes,
        from: Option<&str>,
    ) -> Result<Shadowed, Error> {
        let original = Original::read(&*self.store, run, changes)?;
        let from = from.map(Site::new);
        let mut rerun = original.rerun(&*self.store)?;
        let mut is_begun = from.is_none();
        let salt = fastrand::u64(..);
        let (mut asked_again, mut live) = (Vec::new(), JoinSet::new());
        let divergence = follow(&mut rerun, original.ended.as_ref(), &mut |asked, recorded| {
            is_begun |= from.as_ref().is_some_and(|site| site.holds(&asked));
            if !is_begun {
                return;
            }
            let key = format!("{run}/shadow-{salt:016x}/{}", asked.effect_id);
            let Some(answer) = effects::ask_agent(&self.dispatcher, &asked, key) else { return };
            let place = asked_again.len();
            asked_again.push((effects::agent_of(&asked), asked.effect_id, recorded, None));
            live.spawn(async move { (place, answer.await) });
        });
        if let (Some(site), false) = (&from, is_begun) {
            fork::expect_site(&original, site)?;
        }
        while let Some(joined) = live.join_next().await {
            let (place, answer) = joined.expect("a call neither panics nor is aborted here");
            asked_again[place].3 = Some(answer);
        }
        let calls = asked_again.into_iter().filter_map(|(agent, effect_id, recorded, live)| {
            Some(Compared { effect_id, agent, recorded, live: live? })
        });
        Ok(Shadowed { run, calls: calls.collect(), divergence })
    }
}
