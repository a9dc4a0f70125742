//! What the payloads of the journal's entries say, written and read.
//!
//! | kind | payload |
//! |---|---|
//! | `run_started` | `{"artifact":{"hash","len"},"inputs","limits","scope","meta","process"}` |
//! | `attempt_started` | `{"agent","number","args"?}` |
//! | `attempt_failed` | `{"agent","number","code","message","retry_in_ms"}` |
//! | `answer` | `{"value"}` or `{"error":{"code","message","data"}}`, with `agent`, `reasoning`, `args` where they apply |
//! | `waiting` | `{"reason","proposal","choices","deadline"}` |
//! | `timer` | `{"due"}` |
//! | `decision` | `{"approved","choice","reason","by","question"}` |
//! | `event` | `{"type","data"}` |
//! | `run_resumed` | `{"process"}` |
//! | `run_completed` | `{"value","output"}` |
//! | `run_failed` | `{"failure":{…},"output"}` |
//! | `run_cancelled` | `{"reason"}` |

use std::sync::Arc;

use prism_journal::{Digest, Draft, Entry, Kind, Payload, Store};
use prism_vm::{Answer, Data, EffectError, Request, RequestId};
use serde_json::{Value, json};

use crate::Error;
use crate::codec;

/// A request of the machine, and what the journal calls it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) id: RequestId,
    pub(crate) effect: Arc<str>,
    pub(crate) effect_id: Arc<str>,
    pub(crate) args: Vec<Data>,
    pub(crate) digest: Digest,
}

impl Asked {
    pub(crate) fn from_request(request: Request) -> Asked {
        let digest = request_digest(&request.effect, &request.args);
        let Request { id, effect, effect_id, args, at: _ } = request;
        Asked { id, effect, effect_id, args, digest }
    }

    /// An entry about this request.
    pub(crate) fn draft(&self, kind: Kind, payload: &Value) -> Draft {
        Draft {
            kind,
            effect_id: self.effect_id.clone(),
            name: self.effect.clone(),
            request: self.digest,
            payload: payload.to_string().into_bytes(),
        }
    }

    pub(crate) fn args_json(&self) -> Value {
        Value::Array(self.args.iter().map(codec::to_json).collect())
    }
}

/// BLAKE3 of the effect's name, a zero byte, and the arguments as JSON.
fn request_digest(effect: &str, args: &[Data]) -> Digest {
    let args = Value::Array(args.iter().map(codec::to_json).collect());
    Digest::of(format!("{effect}\0{args}").as_bytes())
}

/// An entry about the run.
pub(crate) fn run_draft(kind: Kind, payload: &Value) -> Draft {
    Draft::of_run(kind, payload.to_string().into_bytes())
}

/// An entry that only tells: `type` is the name of an event.
pub(crate) fn event_draft(asked: Option<&Asked>, kind: &str, data: Value) -> Draft {
    let payload = json!({ "type": kind, "data": data });
    match asked {
        Some(asked) => asked.draft(Kind::Event, &payload),
        None => run_draft(Kind::Event, &payload),
    }
}

/// The payload of an answer.
pub(crate) fn answer_json(answer: &Answer) -> Value {
    match answer {
        Answer::Value(value) => json!({ "value": codec::to_json(value) }),
        Answer::Error(error) => json!({ "error": {
            "code": &*error.code,
            "message": &*error.message,
            "data": codec::to_json(&error.data),
        }}),
    }
}

/// The answer in a payload.
pub(crate) fn answer_from_json(mut payload: Value) -> Option<Answer> {
    if let Some(value) = payload.get_mut("value") {
        return codec::from_json(value.take()).ok().map(Answer::Value);
    }
    let error = payload.get_mut("error")?;
    let data = codec::from_json(error.get_mut("data")?.take()).ok()?;
    let text = |key: &str| error.get(key).and_then(Value::as_str).map(Arc::from);
    Some(Answer::Error(EffectError { code: text("code")?, message: text("message")?, data }))
}

/// The payload of an entry as JSON.
pub(crate) fn payload(store: &dyn Store, entry: &Entry) -> Result<Value, Error> {
    let unreadable = |_| Error::Unreadable { run: entry.run, seq: entry.seq };
    match &entry.payload {
        Payload::Inline(bytes) => codec::parse(bytes).map_err(unreadable),
        Payload::Blob(reference) => codec::parse(&store.blob(*reference)?).map_err(unreadable),
    }
}

/// The field of a payload, or what is wrong with the entry.
pub(crate) fn expect<T>(found: Option<T>, entry: &Entry) -> Result<T, Error> {
    found.ok_or(Error::Unreadable { run: entry.run, seq: entry.seq })
}

/// Microseconds since 1970.
pub(crate) fn now_micros() -> i64 {
    let elapsed =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}
