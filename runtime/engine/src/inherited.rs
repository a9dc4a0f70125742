//! What a fork may still take from the run that it was forked from: recorded answers behind a
//! request that the other run did not make.

use std::collections::HashSet;
use std::sync::Arc;

use prism_journal::{Digest, Draft, Entry, Kind, Payload, Store};
use prism_vm::Answer;
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::effects::{Finished, Served};
use crate::people;
use crate::record::{Asked, Site, answer_from_json, expect};
use crate::start::Recorded;
use crate::{Error, codec};

/// Recorded answers by effect id. Each serves once, for the same request.
#[derive(Default)]
pub(crate) struct Inherited {
    answers: FxHashMap<Arc<str>, Known>,
    /// The number of the first entry about one of them.
    first: Option<u64>,
}

struct Known {
    digest: Digest,
    /// What the journal says of the effect before its outcome.
    before: Vec<Draft>,
    finished: Finished,
}

impl Inherited {
    /// The answers in these entries that the fork does not have yet. With a site they end at the
    /// first one there.
    pub(crate) fn new(
        store: &dyn Store,
        entries: &[Entry],
        from: Option<&Site>,
        is_known: &dyn Fn(&str) -> bool,
    ) -> Result<Inherited, Error> {
        let is_outcome = |entry: &&Entry| matches!(entry.kind, Kind::Answer | Kind::Decision);
        let is_before = |entry: &&Entry| match from {
            Some(site) => site.is_elsewhere(&entry.effect_id),
            None => true,
        };
        let wanted = entries.iter().filter(is_outcome).take_while(is_before);
        let wanted = wanted.filter(|entry| !is_known(&entry.effect_id));
        let wanted: HashSet<&Arc<str>> = wanted.map(|entry| &entry.effect_id).collect();
        let mut before: FxHashMap<Arc<str>, Vec<Draft>> = FxHashMap::default();
        let mut answers = FxHashMap::default();
        for entry in entries.iter().filter(|entry| wanted.contains(&entry.effect_id)) {
            let id = entry.effect_id.clone();
            if !is_outcome(&entry) {
                before.entry(id).or_default().push(draft(store, entry)?);
                continue;
            }
            let kept = draft(store, entry)?.payload;
            let payload = expect(codec::parse(&kept).ok(), entry)?;
            let before = before.remove(&id).unwrap_or_default();
            if entry.kind == Kind::Decision && payload["by"] == people::BY_PROGRAM {
                // The other program gave the question up; nobody has decided it.
                continue;
            }
            let answer = expect(answer(entry.kind, payload), entry)?;
            let finished = Finished { kind: entry.kind, payload: kept, answer };
            answers.insert(id, Known { digest: entry.request, before, finished });
        }
        let is_taken = |entry: &&Entry| answers.contains_key(&entry.effect_id);
        let first = entries.iter().find(is_taken).map(|entry| entry.seq);
        Ok(Inherited { answers, first })
    }

    /// The number of the first entry that is of use; `None`: none is.
    pub(crate) fn rest(&self) -> Option<u64> {
        self.first
    }

    /// The same of a run that goes on, from its journal and that of its parent.
    pub(crate) fn of(
        store: &dyn Store,
        recorded: &Recorded,
        is_known: &dyn Fn(&str) -> bool,
    ) -> Result<Inherited, Error> {
        let Some(parent) = &recorded.parent else { return Ok(Inherited::default()) };
        let Some(rest) = parent.rest else { return Ok(Inherited::default()) };
        let mut entries = store.read(parent.run, rest)?;
        entries.retain(|entry| entry.seq < parent.n_entries);
        let from = parent.from.as_deref().map(Site::new);
        Inherited::new(store, &entries, from.as_ref(), is_known)
    }

    /// The recorded answer to a request.
    pub(crate) fn take(&mut self, asked: &Asked) -> Option<Served> {
        let known = self.answers.remove(&asked.effect_id)?;
        (known.digest == asked.digest).then_some(Served::Now {
            before: known.before,
            finished: known.finished,
            state: None,
        })
    }
}

fn answer(kind: Kind, payload: Value) -> Option<Answer> {
    match kind {
        Kind::Decision => {
            let decision = people::decision_from_json(payload)?;
            Some(Answer::Value(people::decision_data(&decision)))
        }
        _ => answer_from_json(payload),
    }
}

/// An entry of another run, for this one.
pub(crate) fn draft(store: &dyn Store, entry: &Entry) -> Result<Draft, Error> {
    Ok(Draft {
        kind: entry.kind,
        effect_id: entry.effect_id.clone(),
        name: entry.name.clone(),
        request: entry.request,
        payload: match &entry.payload {
            Payload::Inline(bytes) => bytes.to_vec(),
            Payload::Blob(reference) => store.blob(*reference)?.to_vec(),
        },
        time: None,
    })
}
