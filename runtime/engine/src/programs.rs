//! Programs that were decoded and verified, so that the runs of one program share it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use prism_bytecode::Verified;
use prism_journal::Digest;

use crate::Error;

/// So many are kept when no run has them.
const N_KEPT: usize = 8;

#[derive(Clone, Default)]
pub(crate) struct Programs(Arc<Mutex<Kept>>);

/// By the hashes of their artifacts; the one that was asked for last is last.
type Kept = VecDeque<(Digest, Arc<Verified>)>;

impl Programs {
    /// The program with this hash; `load` makes it when it is not here.
    pub(crate) fn get(
        &self,
        hash: Digest,
        load: impl FnOnce() -> Result<Arc<Verified>, Error>,
    ) -> Result<Arc<Verified>, Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|(known, _)| *known == hash);
        let module = match known.and_then(|place| kept.remove(place)) {
            Some((_, module)) => module,
            None => load()?,
        };
        kept.push_back((hash, module.clone()));
        if kept.len() > N_KEPT {
            kept.pop_front();
        }
        Ok(module)
    }
}
