//! Answers that were written down before the run: `--answers`.

use std::collections::HashMap;
use std::sync::Arc;

use prism_agents::json;
use prism_vm::{Answer, Data, EffectError};
use serde_json::{Map, Value};

use crate::{Error, error};

/// Scripted answers by effect name. Effects that it does not name go to the world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    lists: HashMap<Arc<str>, List>,
}

#[derive(Clone, Debug, PartialEq)]
struct List {
    answers: Vec<Answer>,
    next: usize,
    /// Written as one answer, not as a list: it answers every time.
    is_constant: bool,
}

impl Script {
    /// Reads `{"llm": [{"value": …, "confidence": 0.85}, …], "agent.call": […], …}`.
    ///
    /// A list answers in order. An element is `{"value", "confidence"?}`,
    /// `{"error": {"message", "code"?, "data"?}}`, or any other JSON, which is the value itself.
    pub fn from_json(script: Value) -> Result<Script, Error> {
        let Value::Object(effects) = script else {
            return Err(Error::Script { detail: "expected an object".to_owned() });
        };
        let mut lists = HashMap::new();
        for (effect, answers) in effects {
            let (items, is_constant) = match answers {
                Value::Array(items) => (items, false),
                one => (vec![one], true),
            };
            let answers = items
                .into_iter()
                .map(|item| answer(&effect, item))
                .collect::<Result<Vec<Answer>, Error>>()?;
            lists.insert(effect.into(), List { answers, next: 0, is_constant });
        }
        Ok(Script { lists })
    }

    /// Whether it answers nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The next answer for an effect; `None` when the script does not speak of it.
    pub(crate) fn next(&mut self, effect: &str) -> Option<Answer> {
        let list = self.lists.get_mut(self.name_of(effect))?;
        let place = if list.is_constant { 0 } else { list.next };
        list.next += 1;
        let answer = list.answers.get(place).cloned();
        let n_answers = list.answers.len();
        Some(answer.unwrap_or_else(|| Answer::Error(error::script_exhausted(effect, n_answers))))
    }

    /// Whether it answers an effect.
    pub(crate) fn speaks_of(&self, effect: &str) -> bool {
        self.lists.contains_key(self.name_of(effect))
    }

    /// The list that answers an effect: a model that streams is asked like one that does not.
    fn name_of<'e>(&self, effect: &'e str) -> &'e str {
        let is_model = effect == "stream_llm" && !self.lists.contains_key(effect);
        if is_model { "llm" } else { effect }
    }

    /// Passes over an answer that the journal has already.
    pub(crate) fn skip(&mut self, effect: &str) {
        if let Some(list) = self.lists.get_mut(self.name_of(effect)) {
            list.next += 1;
        }
    }
}

fn answer(effect: &str, item: Value) -> Result<Answer, Error> {
    let Value::Object(mut fields) = item else { return Ok(Answer::Value(json::from_value(item))) };
    if let Some(Value::Object(failure)) = fields.get("error") {
        return Ok(Answer::Error(failure_from(failure)));
    }
    let Some(value) = fields.remove("value") else {
        return Ok(Answer::Value(json::from_value(Value::Object(fields))));
    };
    let value = json::from_value(value);
    match fields.get("confidence") {
        None | Some(Value::Null) => Ok(Answer::Value(value)),
        Some(confidence) => match confidence.as_f64() {
            Some(number) if (0.0..=1.0).contains(&number) => {
                Ok(Answer::Value(value.with_confidence(number)))
            }
            Some(_) | None => Err(Error::Script {
                detail: format!(
                    "a confidence of `{effect}` is {confidence}, not a number in [0, 1]"
                ),
            }),
        },
    }
}

fn failure_from(failure: &Map<String, Value>) -> EffectError {
    let text = |key: &str, default: &str| -> Arc<str> {
        failure.get(key).and_then(Value::as_str).unwrap_or(default).into()
    };
    EffectError {
        code: text("code", "P2012"),
        message: text("message", "the script says that the effect failed"),
        data: failure.get("data").cloned().map_or(Data::Null, json::from_value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Result<Script, Error> {
        Script::from_json(serde_json::from_str(text).unwrap())
    }

    fn value(answer: Option<Answer>) -> Data {
        let Some(Answer::Value(value)) = answer else { panic!("{answer:?}") };
        value
    }

    #[test]
    fn answers_come_in_order_and_end() {
        let mut script = script(r#"{"llm":[{"value":"a","confidence":0.5},"b",{"k":1}]}"#).unwrap();
        assert_eq!(value(script.next("llm")), Data::from("a").with_confidence(0.5));
        script.skip("llm");
        assert_eq!(value(script.next("llm")), Data::object([("k", Data::from(1.0))]));
        let Some(Answer::Error(error)) = script.next("llm") else { panic!() };
        assert_eq!(&*error.code, "P2012");
        assert_eq!(script.next("agent.call"), None);
    }

    #[test]
    fn one_answer_serves_every_time() {
        let mut script = script(r#"{"time.now":5}"#).unwrap();
        assert_eq!(value(script.next("time.now")), value(script.next("time.now")));
    }

    #[test]
    fn an_error_is_thrown() {
        let mut script = script(r#"{"llm":[{"error":{"message":"busy","code":"E1"}}]}"#).unwrap();
        let Some(Answer::Error(error)) = script.next("llm") else { panic!() };
        assert_eq!((&*error.code, &*error.message), ("E1", "busy"));
    }

    #[test]
    fn what_is_no_script_is_refused() {
        assert_eq!(script("[]").unwrap_err().code(), "P2012");
        assert!(script(r#"{"llm":[{"value":1,"confidence":2}]}"#).is_err());
    }
}
