//! `state.get` and `state.set`: values that outlive a step, and a run when the manifest says so.

use std::sync::Arc;

use prism_journal::{StateKey, StateWrite};
use prism_vm::{Answer, Data, EffectError};

use super::{Served, World, finished, now, refused};
use crate::codec::{self, Written};
use crate::error;
use crate::record::Asked;

/// The value under a key, else the second argument, else null.
pub(crate) fn get(world: &World, asked: &Asked) -> Served {
    let Some(at) = key(world, asked) else {
        return refused(asked, error::bad_argument("state.get", "a text as its key"));
    };
    let bytes = match world.unsaved.get(&at) {
        Some(bytes) => Some(bytes.clone()),
        None => match world.store.state(&at) {
            Ok(found) => found,
            Err(error) => return refused(asked, store_error(&error)),
        },
    };
    let default = || asked.args.get(1).cloned().unwrap_or_default();
    let value = bytes
        .and_then(|bytes| codec::from_json(codec::parse(&bytes).ok()?).ok())
        .unwrap_or_else(default);
    now(asked, Answer::Value(value))
}

pub(crate) fn set(world: &mut World, asked: &Asked) -> Served {
    let Some(at) = key(world, asked) else {
        return refused(asked, error::bad_argument("state.set", "a text as its key and a value"));
    };
    let value = asked.args.get(1).unwrap_or(&Data::Null);
    let value: Arc<[u8]> = codec::bytes(&Written(value)).into();
    world.unsaved.insert(at.clone(), value.clone());
    Served::Now {
        before: Vec::new(),
        finished: finished(asked, Answer::Value(Data::Null)),
        state: Some(StateWrite { at, value }),
    }
}

fn key(world: &World, asked: &Asked) -> Option<StateKey> {
    let key = asked.args.first()?.as_text()?;
    let own = || world.run.to_string().into();
    let scope = world.scope.clone().unwrap_or_else(own);
    Some(StateKey { scope, key: key.into() })
}

fn store_error(error: &prism_journal::Error) -> EffectError {
    EffectError { code: error.code().into(), message: error.to_string().into(), data: Data::Null }
}
