//! What a host serves: agents, functions and effects, by name.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::Arc;

use prism_agents::{AgentSpec, BoxFuture, Dispatcher, Registry};
use prism_engine::Serve;
use prism_vm::{Answer, Data, EffectError};

use crate::backend::Embedded;

/// A call of an agent.
#[derive(Clone, Debug)]
pub struct Call {
    pub agent: Arc<str>,
    pub task: Data,
    pub input: Data,
    pub context: Data,
    /// The same for every attempt, also after a crash.
    pub key: String,
    /// 1 for the first attempt.
    pub attempt: u32,
}

/// Why a handler has no answer: a message, which the program can catch. A call of an agent is
/// tried again first when its settings say so.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure(pub String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

type Reply = BoxFuture<Result<Data, Failure>>;
pub(crate) type AgentHandler = Arc<dyn Fn(Call) -> Reply + Send + Sync>;
type EffectHandler = Arc<dyn Fn(&str, Vec<Data>) -> Reply + Send + Sync>;

/// The effect that functions of the host are operations of.
const FUNCTIONS: &str = "host";

/// The code of a handler's failure.
const FAILED: &str = "P2116";

#[derive(Clone, Default)]
pub(crate) struct Handlers {
    /// In the order in which they were added.
    pub agents: Vec<(AgentSpec, AgentHandler)>,
    effects: BTreeMap<String, (Vec<String>, EffectHandler)>,
    functions: BTreeMap<String, (String, EffectHandler)>,
}

impl Handlers {
    pub fn effect(&mut self, name: &str, operations: &[&str], handler: EffectHandler) {
        let operations = operations.iter().map(|&operation| operation.to_owned()).collect();
        self.effects.insert(name.to_owned(), (operations, handler));
    }

    pub fn function(&mut self, signature: &str, handler: EffectHandler) {
        let name = signature.split('(').next().unwrap_or_default().trim();
        self.functions.insert(name.to_owned(), (signature.to_owned(), handler));
    }

    /// The agents as a program sees them.
    pub fn handles(&self) -> Data {
        Data::Array(self.agents.iter().map(|(spec, _)| Data::Agent(spec.handle())).collect())
    }

    /// What calls the agents.
    pub fn dispatcher(&self) -> Dispatcher {
        let specs = self.agents.iter().map(|(spec, _)| spec.clone()).collect();
        let by_name =
            |(spec, handler): &(AgentSpec, AgentHandler)| (spec.name.clone(), handler.clone());
        // Of two agents with one name the first counts, as in a manifest.
        let handlers = self.agents.iter().rev().map(by_name).collect();
        Dispatcher::new(Registry::new(specs), vec![Arc::new(Embedded::new(handlers))])
    }

    /// The text of the module `@host`. What is wrong in a signature, the checker says.
    pub fn module(&self) -> String {
        let mut text = String::new();
        for (name, (operations, _)) in &self.effects {
            let _ = writeln!(text, "export effect {name} {{\n  {}\n}}", operations.join("\n  "));
        }
        if self.functions.is_empty() {
            return text;
        }
        let signatures: Vec<&str> = self.functions.values().map(|(s, _)| s.as_str()).collect();
        let _ = writeln!(text, "effect {FUNCTIONS} {{\n  {}\n}}", signatures.join("\n  "));
        for (name, (signature, _)) in &self.functions {
            let names = parameters(signature).join(", ");
            let _ = writeln!(
                text,
                "export function {signature} {{ return {FUNCTIONS}.{name}({names}) }}"
            );
        }
        text
    }
}

/// The names of a signature's parameters: what stands before a colon, outside of inner brackets.
fn parameters(signature: &str) -> Vec<&str> {
    let Some(open) = signature.find('(') else { return Vec::new() };
    let (mut depth, mut start, mut names) = (0usize, open + 1, Vec::new());
    for (at, c) in signature.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            // The arrow of a function type closes nothing.
            '>' if signature[..at].ends_with('=') => {}
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if (c == ',' && depth == 1) || depth == 0 {
            let part = &signature[start..at];
            let name = part.split([':', '?', '=']).next().unwrap_or_default().trim();
            names.extend((!name.is_empty()).then_some(name));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    names
}

impl Serve for Handlers {
    fn serve(&self, effect: &str, args: &[Data], _: &str) -> Option<BoxFuture<Answer>> {
        let (family, operation) = effect.split_once('.')?;
        let handler = match family {
            FUNCTIONS => self.functions.get(operation).map(|(_, handler)| handler),
            _ => self.effects.get(family).map(|(_, handler)| handler),
        };
        Some(answered(handler?(operation, args.to_vec())))
    }
}

fn answered(reply: Reply) -> BoxFuture<Answer> {
    Box::pin(async move {
        match reply.await {
            Ok(value) => Answer::Value(value),
            Err(Failure(message)) => Answer::Error(EffectError {
                code: FAILED.into(),
                message: message.into(),
                data: Data::Null,
            }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_named_in_order() {
        assert_eq!(parameters("f(): null"), [""; 0]);
        assert_eq!(parameters("f(a, b?: number): null"), ["a", "b"]);
        let nested = "f(a: { x: number, y: number }, g: (z: string, w: number) => number, c: Map<string, number>)";
        assert_eq!(parameters(nested), ["a", "g", "c"]);
        assert_eq!(parameters("f"), [""; 0]);
    }
}
