//! The lines that Prism and an agent exchange, whatever carries them.
//!
//! ```text
//! → {"id","task","input","context","deadline_ms","idempotency_key"}
//! ← {"id","progress"}                               any number, before the answer
//! ← {"id","value","confidence"?,"reasoning"?}       or
//! ← {"id","error":{"message","retryable"?,…}}       once
//! ```

use std::fmt;
use std::time::{Duration, Instant};

use prism_vm::Data;
use serde::Serialize;
use serde::de::{self, Deserialize, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::json::{MAX_DEPTH, Read, Shallow, from_value};
use crate::{AgentError, AgentReply, Attempt, Ticket, errors};

/// What one line of an agent says.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    Progress(Data),
    Answer(Result<AgentReply, AgentError>),
}

/// The id that the request of an attempt carries and every line of the agent repeats.
pub fn id_of(attempt: &Attempt) -> String {
    format!("call-{}", attempt.ticket.0)
}

/// The attempt whose request has this id.
pub fn ticket_of(id: &str) -> Option<Ticket> {
    id.strip_prefix("call-")?.parse().ok().map(Ticket)
}

#[derive(Serialize)]
struct Request<'c> {
    id: &'c str,
    task: Shallow<'c>,
    input: Shallow<'c>,
    context: Shallow<'c>,
    deadline_ms: u64,
    idempotency_key: &'c str,
}

/// Writes the request as one line with its newline. `P2115` when the program's data is too deep;
/// then nothing is written.
pub fn write_request(
    lines: &mut Vec<u8>,
    attempt: &Attempt,
    now: Instant,
) -> Result<(), AgentError> {
    let call = &attempt.call;
    let value = |data| {
        let too_deep = |_| errors::too_deep(&call.agent, "what the program sends to", MAX_DEPTH);
        Shallow::new(data).map_err(too_deep)
    };
    let request = Request {
        id: &id_of(attempt),
        task: value(&call.task)?,
        input: value(&call.input)?,
        context: value(&call.context)?,
        deadline_ms: millis(attempt.until.saturating_duration_since(now)),
        idempotency_key: &call.idempotency_key,
    };
    serde_json::to_writer(&mut *lines, &request).expect("a list takes every write");
    lines.push(b'\n');
    Ok(())
}

/// Reads one line, without its newline, of the agent that works on call `id`.
pub fn read_line(agent: &str, id: &str, line: &[u8]) -> Result<Line, AgentError> {
    let fields = read_fields(agent, line)?;
    match fields.id {
        Some(Value::String(found)) if found == id => fields.said.meaning(agent),
        Some(found) => Err(errors::wrong_id(agent, id, &short(&found))),
        None => Err(errors::bad_answer(agent, "it has no `id`")),
    }
}

/// Reads one line of an agent that works on several calls, and the id of the call it is about.
pub fn read_any(agent: &str, line: &[u8]) -> Result<(String, Line), AgentError> {
    let fields = read_fields(agent, line)?;
    match fields.id {
        Some(Value::String(id)) => Ok((id, fields.said.meaning(agent)?)),
        Some(id) => Err(errors::unknown_id(agent, &short(&id))),
        None => Err(errors::bad_answer(agent, "it has no `id`")),
    }
}

fn read_fields(agent: &str, line: &[u8]) -> Result<Fields, AgentError> {
    let text = std::str::from_utf8(line)
        .map_err(|error| errors::not_utf8(agent, error.valid_up_to(), line))?;
    serde_json::from_str(text).map_err(|error| {
        // What is no object may be no JSON either.
        let error = match error.is_data() {
            true => serde_json::from_str::<IgnoredAny>(text).err(),
            false => Some(error),
        };
        match error {
            Some(error) => not_json(agent, text, &error),
            None => errors::bad_answer(agent, "the line is not an object"),
        }
    })
}

/// The fields of a line. The last one of a name counts.
#[derive(Default)]
struct Fields {
    id: Option<Value>,
    said: Said,
}

/// Those apart from its `id`.
#[derive(Default)]
struct Said {
    value: Option<Data>,
    error: Option<Value>,
    progress: Option<Data>,
    confidence: Option<Value>,
    reasoning: Option<Value>,
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Id,
    Value,
    Error,
    Progress,
    Confidence,
    Reasoning,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = entries.next_key()? {
                    let said = &mut fields.said;
                    match name {
                        Name::Id => fields.id = Some(entries.next_value()?),
                        Name::Value => said.value = Some(entries.next_value::<Read>()?.0),
                        Name::Error => said.error = Some(entries.next_value()?),
                        Name::Progress => said.progress = Some(entries.next_value::<Read>()?.0),
                        Name::Confidence => said.confidence = Some(entries.next_value()?),
                        Name::Reasoning => said.reasoning = Some(entries.next_value()?),
                        Name::Other => drop(entries.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

impl Said {
    fn meaning(self, agent: &str) -> Result<Line, AgentError> {
        let Said { value, error, progress, confidence, reasoning } = self;
        match (value, error, progress) {
            (Some(value), None, _) => {
                Ok(Line::Answer(Ok(reply(agent, value, confidence, reasoning)?)))
            }
            (None, Some(error), _) => Ok(Line::Answer(Err(reported(agent, error)?))),
            (Some(_), Some(_), _) => {
                Err(errors::bad_answer(agent, "it has both `value` and `error`"))
            }
            (None, None, Some(progress)) => Ok(Line::Progress(progress)),
            (None, None, None) => Err(errors::bad_answer(agent, "it has no `value`")),
        }
    }
}

fn reply(
    agent: &str,
    value: Data,
    given: Option<Value>,
    reasoning: Option<Value>,
) -> Result<AgentReply, AgentError> {
    let confidence = match given {
        None | Some(Value::Null) => value.confidence(),
        Some(given) => Some(confidence(agent, &given)?),
    };
    let reasoning = match reasoning {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(_) => return Err(errors::bad_answer(agent, "`reasoning` is not a string")),
    };
    Ok(AgentReply { value: value.into_plain(), confidence, reasoning })
}

fn confidence(agent: &str, given: &Value) -> Result<f64, AgentError> {
    given
        .as_f64()
        .filter(|confidence| (0.0..=1.0).contains(confidence))
        .ok_or_else(|| errors::bad_confidence(agent, &short(given)))
}

fn reported(agent: &str, error: Value) -> Result<AgentError, AgentError> {
    let mut fields = match error {
        Value::Object(fields) => fields,
        Value::String(message) => return Ok(errors::reported(agent, &message, true, Data::Null)),
        _ => return Err(errors::bad_answer(agent, "`error` is not an object")),
    };
    let Some(Value::String(message)) = fields.remove("message") else {
        return Err(errors::bad_answer(agent, "`error` has no `message`"));
    };
    let retryable = match fields.remove("retryable") {
        None | Some(Value::Null) => true,
        Some(Value::Bool(retryable)) => retryable,
        Some(_) => return Err(errors::bad_answer(agent, "`retryable` is not true or false")),
    };
    let rest = if fields.is_empty() { Data::Null } else { from_value(Value::Object(fields)) };
    Ok(errors::reported(agent, &message, retryable, rest))
}

fn not_json(agent: &str, text: &str, error: &serde_json::Error) -> AgentError {
    if error.to_string().contains("recursion limit") {
        return errors::too_deep(agent, "the answer of", MAX_DEPTH);
    }
    let at = error.column().saturating_sub(1).min(text.len());
    if let Some(word) = confidence_word(text, at) {
        return errors::bad_confidence(agent, word);
    }
    errors::not_json(agent, &reason(error), text.as_bytes())
}

/// What `serde_json` says, without the line number, which is always 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((reason, _)) => format!("{reason} at byte {}", error.column()),
        None => text,
    }
}

/// `NaN` or an infinity in the place of a confidence: what Python's `json.dumps` writes.
fn confidence_word(text: &str, at: usize) -> Option<&'static str> {
    const WORDS: &[&str] = &["NaN", "-Infinity", "Infinity"];
    let (key, rest) = text.rsplit_once("\"confidence\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let is_here = at >= key.len();
    WORDS.iter().copied().find(|word| is_here && rest.starts_with(word))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
