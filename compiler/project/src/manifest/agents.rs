//! The tables `[agents.*]`: that they have the right shape. What the values mean in detail, such
//! as the units of a duration, is checked by whoever runs the agents.

use std::sync::Arc;

use prism_source::{Agent, Agents};
use prism_syntax::ast::Level;
use toml::de::DeValue;

use super::Entry;
use super::values::{ManifestProblem, Reader, in_order};

/// What a key of an agent holds.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Text,
    Texts,
    Whole,
    /// `"30s"`, or a number of milliseconds.
    Duration,
    /// `"8Mi"`, or a number of bytes.
    Size,
    Table,
    /// Where the answers come from.
    Level,
    /// How often it may be asked the same.
    Delivery,
}

const KEYS: &[(&str, Shape)] = &[
    ("backend", Shape::Text),
    ("breaker", Shape::Table),
    ("calls", Shape::Whole),
    ("capabilities", Shape::Texts),
    ("command", Shape::Texts),
    ("concurrency", Shape::Whole),
    ("delivery", Shape::Delivery),
    ("description", Shape::Text),
    ("env", Shape::Table),
    ("grace", Shape::Duration),
    ("idle", Shape::Duration),
    ("max_line", Shape::Size),
    ("mode", Shape::Text),
    ("provenance", Shape::Level),
    ("queue", Shape::Whole),
    ("resources", Shape::Table),
    ("retry", Shape::Table),
    ("timeout", Shape::Duration),
];

/// The agents of the table, by name; an agent with a mistake is there all the same.
pub(super) fn read(value: &Entry<'_>, reader: &mut Reader) -> Option<Agents> {
    let table = reader.table("agents", value)?;
    let mut agents = Agents::new();
    for (name, value) in in_order(table) {
        let path = format!("agents.{}", name.get_ref());
        let agent = agent(&path, value, reader);
        agents.insert(Arc::from(&**name.get_ref()), agent);
    }
    Some(agents)
}

fn agent(path: &str, value: &Entry<'_>, reader: &mut Reader) -> Agent {
    let mut agent = Agent::default();
    let DeValue::Table(table) = value.get_ref() else {
        let path = path.to_owned();
        reader.report(value.span(), ManifestProblem::WrongAgent { path, expected: "a table" });
        return agent;
    };
    for (key, value) in in_order(table) {
        let name = &**key.get_ref();
        let Some((_, shape)) = KEYS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
            reader.unknown_agent_key(path, name, key.span(), &known);
            continue;
        };
        if let Some(expected) = unexpected(*shape, value.get_ref()) {
            let path = format!("{path}.{name}");
            reader.report(value.span(), ManifestProblem::WrongAgent { path, expected });
        } else if name == "capabilities" {
            agent.capabilities = texts(value.get_ref()).into();
        } else if name == "provenance" {
            agent.provenance = value.get_ref().as_str().and_then(Level::of_word);
        } else if name == "delivery" {
            agent.at_most_once = value.get_ref().as_str() == Some(AT_MOST_ONCE);
        }
    }
    agent
}

/// What the value should have been, when it is something else.
fn unexpected(shape: Shape, value: &DeValue<'_>) -> Option<&'static str> {
    let is_whole = |value: &DeValue<'_>| matches!(value, DeValue::Integer(_));
    let (is_right, expected) = match shape {
        Shape::Text => (matches!(value, DeValue::String(_)), "a text"),
        Shape::Texts => (is_texts(value), "a list of texts"),
        Shape::Whole => (is_whole(value), "a whole number"),
        Shape::Duration => {
            let is_text = matches!(value, DeValue::String(_));
            (is_text || is_whole(value), "a duration such as \"30s\"")
        }
        Shape::Size => {
            let is_text = matches!(value, DeValue::String(_));
            (is_text || is_whole(value), "a size such as \"8Mi\"")
        }
        Shape::Table => (matches!(value, DeValue::Table(_)), "a table"),
        Shape::Delivery => {
            let is_word = value.as_str().is_some_and(|word| DELIVERIES.contains(&word));
            (is_word, "\"at-least-once\" or \"at-most-once\"")
        }
        Shape::Level => (value.as_str().and_then(Level::of_word).is_some(), LEVELS),
    };
    (!is_right).then_some(expected)
}

const AT_MOST_ONCE: &str = "at-most-once";
const DELIVERIES: [&str; 2] = ["at-least-once", AT_MOST_ONCE];

const LEVELS: &str = "\"verified\", \"reviewed\", \"sampled\" or \"reported\"";

fn is_texts(value: &DeValue<'_>) -> bool {
    let DeValue::Array(items) = value else { return false };
    items.iter().all(|item| matches!(item.get_ref(), DeValue::String(_)))
}

fn texts(value: &DeValue<'_>) -> Vec<Arc<str>> {
    let DeValue::Array(items) = value else { return Vec::new() };
    let text = |item: &Entry<'_>| item.get_ref().as_str().map(Arc::from);
    items.iter().filter_map(text).collect()
}
