//! What the payloads of the journal's entries say, written and read.
//!
//! | kind | payload |
//! |---|---|
//! | `run_started` | `{"artifact":{"hash","len"},"inputs","limits","scope","meta","process","parent"?}` |
//! | `attempt_started` | `{"agent","number","args"?}` |
//! | `attempt_failed` | `{"agent","number","code","message","retry_in_ms"}` |
//! | `answer` | `{"value"}` or `{"error":{"code","message","data"}}`, with `agent`, `reasoning`, `args` where they apply |
//! | `waiting` | `{"reason","proposal","choices","steps","deadline"}` |
//! | `timer` | `{"due"}` |
//! | `decision` | `{"approved","choice","reason","by","question","to"?}` |
//! | `event` | `{"type","data"}` |
//! | `run_resumed` | `{"process"}` |
//! | `run_completed` | `{"value","output"}` |
//! | `run_failed` | `{"failure":{…},"output"}` |
//! | `run_cancelled` | `{"reason"}` |

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prism_journal::{Digest, Draft, Entry, Kind, Payload, Store};
use prism_vm::{Answer, Data, EffectError, Location, Request, RequestId};
use serde_json::{Value, json};

use crate::Error;
use crate::codec;
use crate::secrets::Secrets;

/// A request of the machine, and what the journal calls it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) id: RequestId,
    pub(crate) effect: Arc<str>,
    pub(crate) effect_id: Arc<str>,
    pub(crate) args: Vec<Data>,
    pub(crate) digest: Digest,
    /// Where the program asks.
    pub(crate) at: Option<Location>,
}

impl Asked {
    /// The digest is that of the request without its secrets: they may change, and a replay does
    /// not have them.
    pub(crate) fn from_request(request: Request, secrets: &Secrets) -> Asked {
        let digest = request_digest(&request.effect, &request.args, secrets);
        let Request { id, effect, effect_id, mut args, at } = request;
        // What people are asked is kept, and asked by other processes: they see what is kept.
        if effect.starts_with("human.") {
            args.iter_mut().for_each(|arg| secrets.hide_data(arg));
        }
        Asked { id, effect, effect_id, args, digest, at }
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

/// A place of a run, as a person names it: a site, an effect id, or `FILE:LINE`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Site {
    /// The name of a site, with or without the fibers before it (`0/1/`) and the number after it
    /// (`#2`).
    Name(Arc<str>),
    /// A line of a file; of any file when the name is empty.
    Line(Arc<str>, u32),
}

impl Site {
    pub(crate) fn new(text: &str) -> Site {
        let line = text.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
        match line {
            Some((file, line)) => Site::Line(file.into(), line),
            None => Site::Name(text.into()),
        }
    }

    pub(crate) fn holds(&self, asked: &Asked) -> bool {
        match self {
            Site::Name(site) => is_at(&asked.effect_id, site),
            Site::Line(file, line) => asked
                .at
                .as_ref()
                .is_some_and(|at| at.line == *line && (file.is_empty() || at.file == *file)),
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Site::Name(name) => write!(f, "{name}"),
            Site::Line(file, line) => write!(f, "{file}:{line}"),
        }
    }
}

/// Whether an effect id is of a site with this name.
pub(crate) fn is_at(effect_id: &str, site: &str) -> bool {
    let is_path = |path: &str| {
        let is_whole = path.is_empty() || path.ends_with('/');
        is_whole && path.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/')
    };
    let name = site_of(effect_id);
    [effect_id, name].into_iter().any(|id| id.strip_suffix(site).is_some_and(is_path))
}

/// An effect id without its number.
pub(crate) fn site_of(effect_id: &str) -> &str {
    effect_id.rsplit_once('#').map_or(effect_id, |(name, _)| name)
}

/// BLAKE3 of the effect's name, a zero byte, and the arguments as JSON.
fn request_digest(effect: &str, args: &[Data], secrets: &Secrets) -> Digest {
    let args = Value::Array(args.iter().map(codec::to_json).collect());
    let mut text = format!("{effect}\0{args}").into_bytes();
    secrets.hide_json(&mut text);
    Digest::of(&text)
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

/// The event with which a process puts a run down until its `due`, or until it is told something.
pub(crate) const PARKED: &str = "parked";

/// The event with lines that the program printed, and how many came before them.
pub(crate) const PRINTED: &str = "printed";

/// The event with lines that an agent wrote to its standard error.
pub(crate) const STDERR: &str = "stderr";

/// The event that says who is asked next.
pub(crate) const ESCALATED: &str = "escalated";

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

/// A span in microseconds.
pub(crate) fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// Microseconds since 1970.
pub fn now_micros() -> i64 {
    let elapsed =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}
