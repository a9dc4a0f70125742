//! The pattern header as a page shows it.

use serde_json::Value;

/// What the header of a file says, in words.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Header {
    pub name: Option<String>,
    pub version: Option<String>,
    pub description: Option<String>,
    pub inputs: Vec<Input>,
    /// Capabilities, counts and bounds of `@agents`: a name and its words.
    pub agents: Vec<(&'static str, String)>,
    /// The other keys, as written.
    pub others: Vec<(String, String)>,
}

/// One input of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    pub name: String,
    pub ty: String,
    pub is_required: bool,
    pub default: String,
    pub description: String,
}

pub(crate) fn header(read: &prism_hir::Header) -> Header {
    let text = |key: &str| read.text(key).map(|text| text.to_string());
    let mut header = Header {
        name: text("name"),
        version: text("version"),
        description: text("description"),
        inputs: read.value("input").map_or_else(Vec::new, inputs),
        ..Header::default()
    };
    for entry in &read.entries {
        let words = entry.text.to_string();
        match &*entry.key {
            "name" | "version" | "description" | "input" => {}
            "agents" => agents(&entry.value, &mut header.agents),
            "minAgents" => header.agents.push(("at least", words)),
            "maxAgents" => header.agents.push(("at most", words)),
            key => header.others.push((key.to_owned(), words)),
        }
    }
    header
}

fn agents(value: &Value, rows: &mut Vec<(&'static str, String)>) {
    let list = |value: &Value| {
        let items = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        items.collect::<Vec<_>>().join(", ")
    };
    match value {
        Value::Array(_) => rows.push(("names", list(value))),
        Value::Object(object) => {
            for (key, value) in object {
                let (word, text) = match key.as_str() {
                    "capabilities" => ("capabilities", list(value)),
                    "names" => ("names", list(value)),
                    "minConfidence" => ("confidence at least", value.to_string()),
                    "minAgents" => ("at least", value.to_string()),
                    "maxAgents" => ("at most", value.to_string()),
                    _ => continue,
                };
                rows.push((word, text));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Of a JSON Schema object, or of a map from names to types.
fn inputs(value: &Value) -> Vec<Input> {
    let Some(object) = value.as_object() else { return Vec::new() };
    let Some(properties) = object.get("properties").and_then(Value::as_object) else {
        return object.iter().map(|(name, value)| short(name, value)).collect();
    };
    let required: Vec<&str> =
        value["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let row = |(name, schema): (&String, &Value)| Input {
        is_required: required.contains(&name.as_str()),
        ..described(name, schema)
    };
    properties.iter().map(row).collect()
}

/// `"task": "string"`, `"limit?": "number"`, `"limit": "number?"`, or a schema of its own.
fn short(name: &str, value: &Value) -> Input {
    let (name, may_be_missing) = match name.strip_suffix('?') {
        Some(name) => (name, true),
        None => (name, false),
    };
    match value {
        Value::String(ty) => Input {
            name: name.to_owned(),
            ty: ty.trim_end_matches('?').to_owned(),
            is_required: !may_be_missing && !ty.ends_with('?'),
            default: String::new(),
            description: String::new(),
        },
        _ => {
            let may_be_missing = may_be_missing || value.get("default").is_some();
            let is_required = value["required"].as_bool().unwrap_or(!may_be_missing);
            Input { is_required, ..described(name, value) }
        }
    }
}

fn described(name: &str, schema: &Value) -> Input {
    Input {
        name: name.to_owned(),
        ty: ty(schema),
        is_required: false,
        default: schema.get("default").map(Value::to_string).unwrap_or_default(),
        description: schema["description"].as_str().unwrap_or_default().to_owned(),
    }
}

/// A schema as a type of the language. What it cannot say is `any`.
fn ty(schema: &Value) -> String {
    let all = |values: &[Value], word: &dyn Fn(&Value) -> String| {
        values.iter().map(word).collect::<Vec<_>>().join(" | ")
    };
    if let Some(values) = schema["enum"].as_array() {
        return all(values, &Value::to_string);
    }
    match &schema["type"] {
        // Elements of elements are not told: a schema may be nested deeply.
        Value::String(name) if name == "array" => format!("{}[]", simple(&schema["items"]["type"])),
        Value::Array(names) => all(names, &simple),
        name => simple(name),
    }
}

fn simple(name: &Value) -> String {
    match name.as_str() {
        Some("integer") => "number".to_owned(),
        Some(name) => name.to_owned(),
        None => "any".to_owned(),
    }
}
