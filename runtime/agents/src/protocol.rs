//! The lines that Prism and an agent exchange, whatever carries them.
//!
//! ```text
//! → {"id","task","input","context","deadline_ms","idempotency_key"}
//! ← {"id","progress"}                               any number, before the answer
//! ← {"id","value","confidence"?,"reasoning"?}       or
//! ← {"id","error":{"message","retryable"?,…}}       once
//! ```

use std::time::{Duration, Instant};

use prism_vm::Data;
use serde_json::{Map, Value, json};

use crate::json::{MAX_DEPTH, from_value, to_value};
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

/// The request as one line with its newline. `P2115` when the program's data is too deep.
pub fn request_line(attempt: &Attempt, now: Instant) -> Result<String, AgentError> {
    let call = &attempt.call;
    let value = |data: &Data| {
        let too_deep = |_| errors::too_deep(&call.agent, "what the program sends to", MAX_DEPTH);
        to_value(data).map_err(too_deep)
    };
    let left = attempt.until.saturating_duration_since(now);
    let request = json!({
        "id": id_of(attempt),
        "task": value(&call.task)?,
        "input": value(&call.input)?,
        "context": value(&call.context)?,
        "deadline_ms": millis(left),
        "idempotency_key": call.idempotency_key,
    });
    Ok(format!("{request}\n"))
}

/// Reads one line, without its newline, of the agent that works on call `id`.
pub fn read_line(agent: &str, id: &str, line: &[u8]) -> Result<Line, AgentError> {
    let (found, fields) = read_object(agent, line)?;
    match found {
        Value::String(found) if found == id => read_fields(agent, fields),
        found => Err(errors::wrong_id(agent, id, &short(&found))),
    }
}

/// Reads one line of an agent that works on several calls, and the id of the call it is about.
pub fn read_any(agent: &str, line: &[u8]) -> Result<(String, Line), AgentError> {
    match read_object(agent, line)? {
        (Value::String(id), fields) => Ok((id, read_fields(agent, fields)?)),
        (id, _) => Err(errors::unknown_id(agent, &short(&id))),
    }
}

/// A line, apart from its `id`.
fn read_object(agent: &str, line: &[u8]) -> Result<(Value, Map<String, Value>), AgentError> {
    let text = std::str::from_utf8(line)
        .map_err(|error| errors::not_utf8(agent, error.valid_up_to(), line))?;
    let value = serde_json::from_str(text).map_err(|error| not_json(agent, text, &error))?;
    let Value::Object(mut fields) = value else {
        return Err(errors::bad_answer(agent, "the line is not an object"));
    };
    match fields.remove("id") {
        Some(id) => Ok((id, fields)),
        None => Err(errors::bad_answer(agent, "it has no `id`")),
    }
}

fn read_fields(agent: &str, mut fields: Map<String, Value>) -> Result<Line, AgentError> {
    let (value, error) = (fields.remove("value"), fields.remove("error"));
    match (value, error, fields.remove("progress")) {
        (Some(value), None, _) => Ok(Line::Answer(Ok(reply(agent, value, &mut fields)?))),
        (None, Some(error), _) => Ok(Line::Answer(Err(reported(agent, error)?))),
        (Some(_), Some(_), _) => Err(errors::bad_answer(agent, "it has both `value` and `error`")),
        (None, None, Some(progress)) => Ok(Line::Progress(from_value(progress))),
        (None, None, None) => Err(errors::bad_answer(agent, "it has no `value`")),
    }
}

fn reply(
    agent: &str,
    value: Value,
    fields: &mut Map<String, Value>,
) -> Result<AgentReply, AgentError> {
    let value = from_value(value);
    let confidence = match fields.remove("confidence") {
        None | Some(Value::Null) => value.confidence(),
        Some(given) => Some(confidence(agent, &given)?),
    };
    let reasoning = match fields.remove("reasoning") {
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
