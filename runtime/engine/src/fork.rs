//! Forks: a new run that begins with what another one was answered.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use prism_journal::{Draft, Entry, RunId, Store};
use prism_vm::Data;
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::compute;
use crate::engine::Inheritance;
use crate::inherited::{self, Inherited};
use crate::record::{Asked, Site, event_draft, is_at, sites_of};
use crate::rerun::{Changes, Original};
use crate::start::{Parent, Start};
use crate::{Engine, Error, RunHandle, codec, replay};

/// How a run is forked.
#[derive(Clone, Default)]
pub struct Fork {
    pub changes: Changes,
    /// Recorded answers are taken up to this site; `None`: as long as they fit.
    pub from: Option<Arc<str>>,
}

impl Engine {
    /// Starts a run that takes the recorded answers of another one as far as they fit and are
    /// wanted, and asks the world for the rest. The other run is only read.
    ///
    /// Errors: `P2008` unknown run, `P2019` unknown site.
    pub fn fork(&self, parent: RunId, fork: Fork) -> Result<RunHandle, Error> {
        let store = &*self.store;
        let original = Original::read(store, parent, fork.changes)?;
        let mut rerun = original.rerun(store)?;
        let site = fork.from.as_deref().map(Site::new);
        let (kept, is_met) = replay::keep(&mut rerun, site.as_ref());
        if let (Some(site), false) = (&site, is_met) {
            expect_site(&original, site)?;
        }
        let n_entries = original.entries.len() as u64;
        let ids: HashSet<&str> = kept.iter().map(|asked| &*asked.effect_id).collect();
        let is_kept = |id: &str| ids.contains(id);
        let answers = Inherited::new(store, &original.entries, site.as_ref(), &is_kept)?;
        let inheritance = Inheritance {
            parent: Some(Parent { run: parent, n_entries, from: fork.from, rest: answers.rest() }),
            drafts: drafts(store, &original.entries, &kept)?,
            answers,
            state: match original.recorded.scope {
                Some(_) => Vec::new(),
                None => kept.iter().filter_map(own_state).collect(),
            },
        };
        let (inputs, secrets) = self.secrets_of(&original.module, &original.inputs)?;
        let machine = compute::machine(&original.module, original.recorded.limits, &inputs, None)?;
        self.begin_with(RunId::generate(), (machine, secrets), &start(original), inheritance)
    }
}

fn start(original: Original) -> Start {
    let Original { recorded, module, artifact, inputs, .. } = original;
    let (name, limits) = (recorded.name, recorded.limits);
    let (scope, meta) = (recorded.scope, recorded.meta);
    Start { name, module, artifact, inputs, limits, scope, meta }
}

/// `P2019` when the run was asked for nothing at a site. Lines are known only of what runs.
pub(crate) fn expect_site(original: &Original, site: &Site) -> Result<(), Error> {
    let of_effects = || original.entries.iter().filter(|entry| !entry.effect_id.is_empty());
    let is_there = match site {
        Site::Name(name) => of_effects().any(|entry| is_at(&entry.effect_id, name)),
        Site::Line(..) => false,
    };
    if is_there {
        return Ok(());
    }
    let names = of_effects().flat_map(|entry| sites_of(&entry.effect_id));
    let known: BTreeSet<String> = names.map(str::to_owned).collect();
    let (run, site) = (original.run, site.to_string());
    Err(Error::UnknownSite { run, site, known: known.into_iter().collect() })
}

/// All that the journal says of these effects, in the order in which they were answered.
fn drafts(store: &dyn Store, entries: &[Entry], kept: &[Asked]) -> Result<Vec<Draft>, Error> {
    let is_call = |asked: &&Asked| matches!(&*asked.effect, "agent.call" | "agent.once");
    let n_calls = kept.iter().filter(is_call).count();
    let mut drafts = Vec::new();
    if n_calls > 0 {
        drafts.push(event_draft(None, "agents_selected", json!({ "count": n_calls })));
    }
    let mut of_effects: FxHashMap<&str, Vec<&Entry>> = FxHashMap::default();
    for entry in entries {
        of_effects.entry(&entry.effect_id).or_default().push(entry);
    }
    for entry in kept.iter().filter_map(|asked| of_effects.get(&*asked.effect_id)).flatten() {
        drafts.push(inherited::draft(store, entry)?);
    }
    Ok(drafts)
}

/// What a kept `state.set` wrote into the state of its own run.
fn own_state(asked: &Asked) -> Option<(Arc<str>, Arc<[u8]>)> {
    if &*asked.effect != "state.set" {
        return None;
    }
    let key = asked.args.first()?.as_text()?;
    let value = codec::to_json(asked.args.get(1).unwrap_or(&Data::Null));
    Some((key.into(), value.to_string().into_bytes().into()))
}
