//! Secrets of a run: what its header declares in `@input`, and how it is kept out of the journal.
//!
//! The machine and the agents it calls get the texts; the journal, the events and the result hold
//! [`HIDDEN`] in their place. A run that goes on gets them again from the host's [`Vault`].

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_vm::{Answer, Data};
use serde_json::Value;

use crate::Error;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "[secret]";

/// A shorter text cannot be told from others that read the same.
const MIN_LENGTH: usize = 4;

/// Where the secrets of runs are, outside of their journals.
pub trait Vault: Send + Sync {
    /// The secret that a header declares at a path of `input`: `key`, `login.password`.
    fn secret(&self, path: &str) -> Option<Arc<str>>;
}

/// The secrets that are variables of the process's environment: `login.password` is
/// `PRISM_SECRET_LOGIN_PASSWORD`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Environment;

impl Vault for Environment {
    fn secret(&self, path: &str) -> Option<Arc<str>> {
        std::env::var(variable(path)).ok().map(Arc::from)
    }
}

/// The variable that holds the secret at a path.
pub(crate) fn variable(path: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("PRISM_SECRET_{}", path.chars().map(upper).collect::<String>())
}

/// The texts of a run that nobody may read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Secrets {
    /// As they are, and as they stand in JSON; longest first, so that none is found in another.
    texts: Vec<(Arc<str>, String)>,
}

/// Names of the host and their values.
pub(crate) type Inputs = Vec<(Arc<str>, Data)>;

/// The inputs of a run with the secrets that the vault has, and all secrets among them.
/// A secret that the journal has hidden and that nobody gives is an error.
pub(crate) fn resolve(
    module: &Verified,
    inputs: &mut Inputs,
    vault: Option<&dyn Vault>,
) -> Result<Secrets, Error> {
    let mut found = Vec::new();
    let reads_input = || module.module().inputs.iter().any(|row| module.text(row.name) == "input");
    let is_given = inputs.iter().any(|(name, _)| &**name == "input");
    if !is_given && vault.is_some() && reads_input() {
        inputs.push(("input".into(), Data::Object(Vec::new())));
    }
    each_declared(module, inputs, &mut |path, value| {
        let is_missing = match value {
            Data::Null => true,
            Data::Text(text) => &**text == HIDDEN,
            _ => false,
        };
        if is_missing {
            match vault.and_then(|vault| vault.secret(path)) {
                Some(text) => *value = Data::Text(text),
                None if *value == Data::Null => {}
                None => return Err(Error::Secret { path: path.to_owned(), is_missing: true }),
            }
        }
        let n_known = found.len();
        collect(value, &mut found);
        let is_short = |text: &Arc<str>| !text.is_empty() && text.chars().count() < MIN_LENGTH;
        if found[n_known..].iter().any(is_short) {
            return Err(Error::Secret { path: path.to_owned(), is_missing: false });
        }
        Ok(())
    })?;
    Ok(Secrets::new(found))
}

/// The inputs as the journal keeps them.
pub(crate) fn hidden(module: &Verified, inputs: &[(Arc<str>, Data)]) -> Inputs {
    let mut inputs = inputs.to_vec();
    let hide = &mut |_: &str, value: &mut Data| -> Result<(), Error> {
        if *value != Data::Null {
            *value = Data::text(HIDDEN);
        }
        Ok(())
    };
    // Hiding never fails.
    let _ = each_declared(module, &mut inputs, hide);
    inputs
}

type Visit<'v> = dyn FnMut(&str, &mut Data) -> Result<(), Error> + 'v;

/// Visits what the header declares as secret. A field that is missing is visited as null, and
/// kept when it was given a value.
fn each_declared(
    module: &Verified,
    inputs: &mut [(Arc<str>, Data)],
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    let rows = &module.module().header;
    let Some((_, text)) = rows.iter().find(|(name, _)| module.text(*name) == "input") else {
        return Ok(());
    };
    let Ok(described) = serde_json::from_str::<Value>(module.text(*text)) else { return Ok(()) };
    let Some((_, input)) = inputs.iter_mut().find(|(name, _)| &**name == "input") else {
        return Ok(());
    };
    walk(&described, input, &mut String::new(), visit)
}

fn walk(
    described: &Value,
    value: &mut Data,
    path: &mut String,
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    if let Data::Confident(inner, _) = value {
        return walk(described, inner, path, visit);
    }
    let is_secret = |value: &Value| value.as_str().is_some_and(is_secret_type);
    if is_secret(described) || described.get("type").is_some_and(is_secret) {
        return visit(path, value);
    }
    if let (Some(items), Data::Array(elements)) =
        (schema_part(described, "array", "items"), &mut *value)
    {
        return walk_elements(items, elements, path, visit);
    }
    let described = schema_part(described, "object", "properties").unwrap_or(described);
    match (described, value) {
        (Value::Object(fields), Data::Object(given)) => {
            for (name, described) in fields {
                let name = name.trim_end_matches('?');
                let length = path.len();
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
                match given.iter_mut().find(|(known, _)| &**known == name) {
                    Some((_, value)) => walk(described, value, path, visit)?,
                    None => {
                        let mut value = Data::Null;
                        walk(described, &mut value, path, visit)?;
                        if value != Data::Null {
                            given.push((name.into(), value));
                        }
                    }
                }
                path.truncate(length);
            }
        }
        (Value::Array(described), Data::Array(elements)) => {
            for described in described {
                walk_elements(described, elements, path, visit)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn walk_elements(
    described: &Value,
    elements: &mut [Data],
    path: &mut String,
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    for (index, element) in elements.iter_mut().enumerate() {
        let length = path.len();
        path.push_str(&format!(".{index}"));
        walk(described, element, path, visit)?;
        path.truncate(length);
    }
    Ok(())
}

/// What a JSON Schema of this type says of the fields or the elements.
fn schema_part<'v>(described: &'v Value, ty: &str, part: &str) -> Option<&'v Value> {
    let is_schema = described.get("type").and_then(Value::as_str) == Some(ty);
    described.get(part).filter(|_| is_schema)
}

/// `secret`, `secret?`, `secret | null`, `secret[]`, as the compiler reads them.
fn is_secret_type(text: &str) -> bool {
    text.split('|').any(|part| part.trim().trim_end_matches(['?', '[', ']']) == "secret")
}

/// Every text in a value.
fn collect(value: &Data, found: &mut Vec<Arc<str>>) {
    match value {
        Data::Text(text) => found.push(text.clone()),
        Data::Array(parts) => parts.iter().for_each(|part| collect(part, found)),
        Data::Object(fields) => fields.iter().for_each(|(_, part)| collect(part, found)),
        Data::Confident(inner, _) => collect(inner, found),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Agent(_) | Data::Function(_) => {}
    }
}

impl Secrets {
    fn new(mut texts: Vec<Arc<str>>) -> Secrets {
        texts.retain(|text| !text.is_empty() && &**text != HIDDEN);
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        let with_json = |text: Arc<str>| {
            let quoted = Value::from(&*text).to_string();
            let json = quoted[1..quoted.len() - 1].to_owned();
            (text, json)
        };
        Secrets { texts: texts.into_iter().map(with_json).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub(crate) fn hide_text(&self, text: &mut String) {
        for (secret, _) in &self.texts {
            if text.contains(&**secret) {
                *text = text.replace(&**secret, HIDDEN);
            }
        }
    }

    /// In the JSON of an entry.
    pub(crate) fn hide_json(&self, payload: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        let Ok(mut text) = String::from_utf8(std::mem::take(payload)) else { return };
        for (_, secret) in &self.texts {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), HIDDEN);
            }
        }
        *payload = text.into_bytes();
    }

    /// What the world answers, so that a run that goes on is answered the same.
    pub(crate) fn hide_answer(&self, answer: &mut Answer) {
        if self.is_empty() {
            return;
        }
        match answer {
            Answer::Value(value) => self.hide_data(value),
            Answer::Error(error) => {
                let mut message = error.message.to_string();
                self.hide_text(&mut message);
                error.message = message.into();
                self.hide_data(&mut error.data);
            }
        }
    }

    pub(crate) fn hide_data(&self, value: &mut Data) {
        if self.is_empty() {
            return;
        }
        match value {
            Data::Text(text) => self.hide_arc(text),
            Data::Array(parts) => parts.iter_mut().for_each(|part| self.hide_data(part)),
            Data::Object(fields) => {
                for (name, part) in fields {
                    self.hide_arc(name);
                    self.hide_data(part);
                }
            }
            Data::Confident(inner, _) => self.hide_data(inner),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::Agent(_) | Data::Function(_) => {}
        }
    }

    fn hide_arc(&self, text: &mut Arc<str>) {
        let mut hidden = text.to_string();
        self.hide_text(&mut hidden);
        if hidden != **text {
            *text = hidden.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Secrets {
        Secrets::new(texts.iter().map(|text| Arc::from(*text)).collect())
    }

    #[test]
    fn a_secret_is_found_in_texts_and_in_json() {
        let secrets = secrets(&["k\"12", "k\"1234", ""]);
        let mut text = "Bearer k\"1234 and k\"12".to_owned();
        secrets.hide_text(&mut text);
        assert_eq!(text, "Bearer [secret] and [secret]");
        let mut json = br#"{"value":"Bearer k\"1234"}"#.to_vec();
        secrets.hide_json(&mut json);
        assert_eq!(json, br#"{"value":"Bearer [secret]"}"#);
    }

    #[test]
    fn answers_hold_it_no_more() {
        let mut answer =
            Answer::Value(Data::Array(vec![Data::text("is it abcd?").with_confidence(0.5)]));
        secrets(&["abcd"]).hide_answer(&mut answer);
        let hidden = Data::Array(vec![Data::text("is it [secret]?").with_confidence(0.5)]);
        assert_eq!(answer, Answer::Value(hidden));
    }

    #[test]
    fn types_are_read_as_the_compiler_reads_them() {
        assert!(["secret", "secret?", "secret | null", "secret[]"].into_iter().all(is_secret_type));
        assert!(["string", "secrets", "top secret"].into_iter().all(|text| !is_secret_type(text)));
    }
}
