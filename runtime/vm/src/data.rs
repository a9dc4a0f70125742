//! The values that cross the border between a machine and its host.
//!
//! [`Data`] is a plain tree: no handles into a heap, no sharing, `Send`. Inputs, the arguments of
//! a request, answers and results are `Data`. Depth is limited to [`MAX_DEPTH`] on both ways, so
//! that a host may walk it by recursion.

use std::sync::Arc;

/// The deepest nesting of arrays and objects that enters or leaves a machine.
pub const MAX_DEPTH: usize = 256;

/// A value outside a machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    Array(Vec<Data>),
    /// In insertion order; a key occurs once.
    Object(Vec<(Arc<str>, Data)>),
    Agent(AgentRef),
    /// The name of a function; a function itself never leaves its machine.
    Function(Arc<str>),
    /// A value that is not itself `Confident`, and its confidence in [0, 1].
    Confident(Box<Data>, f64),
}

/// A handle of an agent, as programs hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentRef {
    pub name: Arc<str>,
    /// What a program may read from the handle: `id`, `name`, `capabilities`, …
    pub attributes: Vec<(Arc<str>, Data)>,
}

impl Data {
    /// A text.
    pub fn text(text: impl Into<Arc<str>>) -> Data {
        Data::Text(text.into())
    }

    /// An object from its entries, in order. A key that occurs twice keeps its last value.
    pub fn object<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Data)>) -> Data {
        let mut fields: Vec<(Arc<str>, Data)> = Vec::new();
        for (key, value) in entries {
            let key = key.into();
            match fields.iter_mut().find(|(known, _)| *known == key) {
                Some(field) => field.1 = value,
                None => fields.push((key, value)),
            }
        }
        Data::Object(fields)
    }

    /// The value with a confidence; a value that already has one loses it. The confidence is
    /// clamped to [0, 1]; NaN counts as 0.
    #[must_use]
    pub fn with_confidence(self, confidence: f64) -> Data {
        let confidence = if confidence.is_nan() { 0.0 } else { confidence.clamp(0.0, 1.0) };
        Data::Confident(Box::new(self.into_plain()), confidence)
    }

    /// The value without its own confidence; what it contains is left alone.
    #[must_use]
    pub fn into_plain(self) -> Data {
        match self {
            Data::Confident(value, _) => value.into_plain(),
            plain => plain,
        }
    }

    /// The value without its own confidence.
    pub fn plain(&self) -> &Data {
        match self {
            Data::Confident(value, _) => value.plain(),
            plain => plain,
        }
    }

    /// The confidence, `None` for a plain value.
    pub fn confidence(&self) -> Option<f64> {
        match self {
            Data::Confident(_, confidence) => Some(*confidence),
            _ => None,
        }
    }

    /// The field of an object or the attribute of an agent, looking through confidence.
    pub fn get(&self, key: &str) -> Option<&Data> {
        let fields = match self.plain() {
            Data::Object(fields) => fields,
            Data::Agent(agent) => &agent.attributes,
            _ => return None,
        };
        fields.iter().find(|(name, _)| &**name == key).map(|(_, value)| value)
    }

    /// The text, looking through confidence.
    pub fn as_text(&self) -> Option<&str> {
        match self.plain() {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, looking through confidence.
    pub fn as_number(&self) -> Option<f64> {
        match self.plain() {
            Data::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean, looking through confidence.
    pub fn as_bool(&self) -> Option<bool> {
        match self.plain() {
            Data::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The elements of an array, looking through confidence.
    pub fn as_array(&self) -> Option<&[Data]> {
        match self.plain() {
            Data::Array(items) => Some(items),
            _ => None,
        }
    }
}

impl From<bool> for Data {
    fn from(flag: bool) -> Data {
        Data::Bool(flag)
    }
}

impl From<f64> for Data {
    fn from(number: f64) -> Data {
        Data::Number(number)
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Data {
        Data::Text(text.into())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Data {
        Data::Text(text.into())
    }
}

impl From<Vec<Data>> for Data {
    fn from(items: Vec<Data>) -> Data {
        Data::Array(items)
    }
}
