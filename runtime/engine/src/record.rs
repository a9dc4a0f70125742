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
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::Error;
use crate::codec::{self, Written};
use crate::secrets::Secrets;

/// Room for most arguments as JSON.
const ROOM: usize = 256;

/// A request of the machine, and what the journal calls it.
#[derive(Clone, Debug, PartialEq)]
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
    pub(crate) fn draft(&self, kind: Kind, payload: Vec<u8>) -> Draft {
        Draft {
            kind,
            effect_id: self.effect_id.clone(),
            name: self.effect.clone(),
            request: self.digest,
            payload,
            time: None,
        }
    }

    pub(crate) fn args(&self) -> Args<'_> {
        Args(&self.args)
    }
}

/// A place of a run, as a person names it: a site, an effect id, or `FILE:LINE`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Site {
    /// The name of a site or of a call on the way to one, with or without steps before it and the
    /// number after it (`#2`).
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

    /// Whether an effect is surely not there. Lines are known only of what runs.
    pub(crate) fn is_elsewhere(&self, effect_id: &str) -> bool {
        match self {
            Site::Name(site) => !is_at(effect_id, site),
            Site::Line(..) => false,
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

/// Whether an effect id is of a site with this name, or goes through a call with it.
pub(crate) fn is_at(effect_id: &str, site: &str) -> bool {
    let (way, number) = numbered(effect_id);
    let (steps, wanted) = numbered(site);
    let is_number = wanted.is_none_or(|_| wanted == number);
    let is_step = |at: usize| {
        let is_start = at == 0 || way[..at].ends_with('/');
        let after = &way[at + steps.len()..];
        is_start && (after.is_empty() || after.starts_with(['/', '[']))
    };
    is_number && !steps.is_empty() && way.match_indices(steps).any(|(at, _)| is_step(at))
}

/// A text and the number at its end: `main.word` and 2 of `main.word#2`.
fn numbered(text: &str) -> (&str, Option<u32>) {
    let number = |(name, number): (&str, &str)| Some((number.parse().ok()?, name.len()));
    match text.rsplit_once('#').and_then(number) {
        Some((number, end)) => (&text[..end], Some(number)),
        None => (text, None),
    }
}

/// The names of the site of an effect and of the calls on the way to it.
pub(crate) fn sites_of(effect_id: &str) -> impl Iterator<Item = &str> {
    let steps = numbered(effect_id).0.split('/');
    let steps = steps.map(|step| step.split('[').next().unwrap_or_default());
    steps.filter(|step| !step.is_empty() && !step.starts_with('~'))
}

/// The arguments of a request as JSON.
#[derive(Clone, Copy)]
pub(crate) struct Args<'d>(&'d [Data]);

impl Serialize for Args<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Written))
    }
}

impl fmt::Display for Args<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&codec::bytes(self)))
    }
}

/// BLAKE3 of the effect's name, a zero byte, and the arguments as JSON.
fn request_digest(effect: &str, args: &[Data], secrets: &Secrets) -> Digest {
    let mut text = Vec::with_capacity(effect.len() + ROOM);
    text.extend(effect.as_bytes());
    text.push(0);
    serde_json::to_writer(&mut text, &Args(args)).expect("a list takes every write");
    secrets.hide_json(&mut text);
    Digest::of(&text)
}

/// An entry about the run.
pub(crate) fn run_draft(kind: Kind, payload: &Value) -> Draft {
    Draft::of_run(kind, codec::bytes(payload))
}

/// An entry that only tells: `type` is the name of an event.
pub(crate) fn event_draft(asked: Option<&Asked>, kind: &str, data: Value) -> Draft {
    let payload = json!({ "type": kind, "data": data });
    match asked {
        Some(asked) => asked.draft(Kind::Event, codec::bytes(&payload)),
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

/// The payload of an answer, with what else is said of it.
#[derive(Serialize)]
pub(crate) struct Answered<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Written<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) args: Option<Args<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Failed<'a> {
    code: &'a str,
    message: &'a str,
    data: Written<'a>,
}

impl<'a> Answered<'a> {
    pub(crate) fn with(answer: &'a Answer) -> Answered<'a> {
        let (value, error) = match answer {
            Answer::Value(value) => (Some(Written(value)), None),
            Answer::Error(EffectError { code, message, data }) => {
                (None, Some(Failed { code, message, data: Written(data) }))
            }
        };
        Answered { value, error, agent: None, reasoning: None, args: None }
    }
}

/// The answer in an entry that says nothing else, `{"value":…}` without blanks: most are so, and
/// no object has to be made for them.
pub(crate) fn plain_answer(entry: &Entry) -> Option<Answer> {
    let Payload::Inline(bytes) = &entry.payload else { return None };
    let value = bytes.strip_prefix(br#"{"value":"#)?.strip_suffix(b"}")?;
    codec::from_json(codec::parse(value).ok()?).ok().map(Answer::Value)
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
    read_payload(store, entry)
}

/// The payload of an entry, as something else than a tree.
pub(crate) fn read_payload<T: DeserializeOwned>(
    store: &dyn Store,
    entry: &Entry,
) -> Result<T, Error> {
    let unreadable = |_| Error::Unreadable { run: entry.run, seq: entry.seq };
    match &entry.payload {
        Payload::Inline(bytes) => codec::read(bytes).map_err(unreadable),
        Payload::Blob(reference) => codec::read(&store.blob(*reference)?).map_err(unreadable),
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

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "main.votes[1]/main.votes.lambda.a.call/agent.call#2";

    #[test]
    fn a_site_is_a_step_of_an_effect_id() {
        for site in [
            "main.votes",
            "main.votes[1]",
            "main.votes#2",
            "main.votes[1]/main.votes.lambda.a.call",
            "main.votes.lambda.a.call",
            "agent.call",
            "agent.call#2",
            ID,
        ] {
            assert!(is_at(ID, site), "{site}");
        }
        for site in [
            "",
            "#2",
            "main",
            "votes",
            "main.votes[2]",
            "main.votes#1",
            "main.votes.lambda",
            "call",
        ] {
            assert!(!is_at(ID, site), "{site}");
        }
        assert!(is_at("main.word#0", "main.word") && !is_at("main.word.2#0", "main.word"));
    }

    #[test]
    fn the_steps_of_an_effect_id_are_names() {
        let names = |id| sites_of(id).collect::<Vec<_>>();
        assert_eq!(names(ID), ["main.votes", "main.votes.lambda.a.call", "agent.call"]);
        assert_eq!(names("~0123456789abcdef/main.last/llm#0"), ["main.last", "llm"]);
    }
}
