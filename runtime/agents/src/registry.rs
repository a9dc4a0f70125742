//! The agents of a manifest, found by name and chosen by capability.

use std::sync::Arc;

use crate::nearest::nearest;
use crate::{AgentError, AgentSpec, errors};

/// All agents of a manifest, in its order.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    specs: Vec<Arc<AgentSpec>>,
}

impl Registry {
    /// Names are unique in a manifest; of two specs with one name the first one counts.
    pub fn new(specs: Vec<AgentSpec>) -> Registry {
        Registry { specs: specs.into_iter().map(Arc::new).collect() }
    }

    /// Every agent, in the order of the manifest.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<AgentSpec>> {
        self.specs.iter()
    }

    /// The agent of that name, or `P2101` with the nearest name.
    pub fn get(&self, name: &str) -> Result<&Arc<AgentSpec>, AgentError> {
        self.specs.iter().find(|spec| &*spec.name == name).ok_or_else(|| {
            let near = nearest(name, self.specs.iter().map(|spec| &*spec.name));
            errors::unknown_agent(name, near)
        })
    }

    /// The agents that have every required capability, in the order of the manifest, at most
    /// `max` of them. `P2102` when there are fewer than `min`.
    pub fn select(
        &self,
        required: &[&str],
        min: usize,
        max: Option<usize>,
    ) -> Result<Vec<Arc<AgentSpec>>, AgentError> {
        fitting(&self.specs, required, min, max)
    }

    /// The same among the agents of these names, in the order of the names. `P2101` for a name
    /// that is none.
    pub fn select_named(
        &self,
        names: &[&str],
        required: &[&str],
        min: usize,
        max: Option<usize>,
    ) -> Result<Vec<Arc<AgentSpec>>, AgentError> {
        let named: Result<Vec<_>, _> = names.iter().map(|name| self.get(name).cloned()).collect();
        fitting(&named?, required, min, max)
    }
}

fn fitting(
    specs: &[Arc<AgentSpec>],
    required: &[&str],
    min: usize,
    max: Option<usize>,
) -> Result<Vec<Arc<AgentSpec>>, AgentError> {
    let has = |spec: &AgentSpec, wanted: &str| spec.capabilities.iter().any(|c| &**c == wanted);
    let chosen: Vec<Arc<AgentSpec>> = specs
        .iter()
        .filter(|spec| required.iter().all(|wanted| has(spec, wanted)))
        .take(max.unwrap_or(usize::MAX))
        .cloned()
        .collect();
    if chosen.len() < min {
        return Err(errors::too_few_agents(required, chosen.len(), min));
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> Registry {
        let spec = |name: &str, capabilities: &[&str]| AgentSpec {
            capabilities: capabilities.iter().map(|c| Arc::from(*c)).collect(),
            ..AgentSpec::local(name, &["true"], ".")
        };
        Registry::new(vec![
            spec("zoe", &["code", "security"]),
            spec("adam", &["code"]),
            spec("eve", &["security", "code"]),
        ])
    }

    fn names(agents: Vec<Arc<AgentSpec>>) -> Vec<String> {
        agents.iter().map(|spec| spec.name.to_string()).collect()
    }

    #[test]
    fn selection_keeps_the_order_of_the_manifest() {
        let chosen = registry().select(&["code", "security"], 1, None).unwrap();
        assert_eq!(names(chosen), ["zoe", "eve"]);
        let all = registry().select(&[], 0, Some(2)).unwrap();
        assert_eq!(names(all), ["zoe", "adam"]);
    }

    #[test]
    fn too_few_agents_is_an_error() {
        let error = registry().select(&["security"], 3, None).unwrap_err();
        assert_eq!((error.code, error.retryable), ("P2102", false));
        assert!(error.message.contains("3 agents are needed, 2 found"), "{error}");
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        let error = registry().get("addam").unwrap_err();
        assert_eq!((error.code, error.help.as_str()), ("P2101", "did you mean `adam`?"));
    }
}
