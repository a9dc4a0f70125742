//! The names that the host supplies, completed: what was not given is made from the pattern's
//! header and the manifest.

use std::sync::Arc;

use prism_agents::manifest::{Group, Members};
use prism_agents::{AgentSpec, Registry};
use prism_bytecode::{HostInput, Verified};
use prism_schedule::Schedule;
use prism_vm::Data;
use serde_json::Value;

use crate::inputs::{Inputs, handles};
use crate::manifest::Manifest;
use crate::problem::Problem;
use crate::{words, workspace};

/// The inputs of a run: those given, and those that the program reads and nobody gave.
pub fn complete(
    module: &Verified,
    manifest: &Manifest,
    mut given: Inputs,
) -> Result<Inputs, Problem> {
    let registry = &manifest.registry;
    let group = |name: &str| manifest.groups.iter().find(|group| group.name == name);
    let header = Header::of(module);
    let missing: Vec<&str> = module
        .module()
        .inputs
        .iter()
        .map(|input| module.text(input.name))
        .filter(|name| !given.iter().any(|(known, _)| &**known == *name))
        .collect();
    let holds_agents = |name: &str| name == "agents" || group(name).is_some();
    for (name, agents) in given.iter_mut().filter(|(name, _)| holds_agents(name)) {
        with_attributes(agents, registry);
        if &**name == "agents" {
            with_contract(agents, &header);
        }
    }
    let reads_agents =
        |name: &&str| ["agents", "agentList", "agentCount", "parallax"].contains(name);
    let agents = match known_agents(&given) {
        Some(agents) => agents,
        None if missing.iter().any(reads_agents) => selected(&header, registry)?,
        None => Data::Array(Vec::new()),
    };
    for name in missing {
        let value = match group(name) {
            Some(group) => Some(members(group, registry)?),
            None => value(name, &header, manifest, &agents),
        };
        given.extend(value.map(|value| (name.into(), value)));
    }
    Ok(given)
}

/// The agents of a run whose agents, or whose answers, were given.
fn known_agents(given: &Inputs) -> Option<Data> {
    let find = |wanted: &str| {
        given.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value.clone())
    };
    if let Some(agents) = find("agents") {
        return Some(agents);
    }
    if let Some(list) = find("agentList") {
        return Some(handles(list));
    }
    let results = find("agentResults")?;
    let agents = results.as_array()?.iter().map(|result| {
        let field = |from: &str, to: &str| Some((to.into(), result.get(from)?.clone()));
        let fields = [
            ("agentId", "id"),
            ("agentName", "name"),
            ("capabilities", "capabilities"),
            ("expertise", "expertise"),
        ];
        Data::Object(fields.into_iter().filter_map(|(from, to)| field(from, to)).collect())
    });
    Some(handles(Data::Array(agents.collect())))
}

/// What the host knows by itself; `None` leaves the name null.
fn value(name: &str, header: &Header<'_>, manifest: &Manifest, agents: &Data) -> Option<Data> {
    match name {
        "workspace" => workspace::of(header, manifest),
        "context" => workspace::of(header, manifest).map(|own| Data::object([("workspace", own)])),
        "agents" => Some(agents.clone()),
        "agentList" => Some(agent_list(agents)),
        "agentCount" => Some(Data::Number(agents.as_array().map_or(0, <[Data]>::len) as f64)),
        "pattern" => Some(Data::object([
            ("name", header.text("name").map_or(Data::Null, Data::Text)),
            ("version", header.text("version").map_or(Data::from("1.0.0"), Data::Text)),
        ])),
        "parallax" => Some(Data::object([
            ("agentList", agent_list(agents)),
            ("patterns", Data::Object(Vec::new())),
            ("confidence", Data::Object(Vec::new())),
        ])),
        _ => None,
    }
}

/// A pattern whose header names none is called like the program.
pub fn with_name(inputs: &mut Inputs, program: &Arc<str>) {
    let pattern = inputs.iter_mut().find(|(name, _)| &**name == "pattern");
    if let Some((_, Data::Object(fields))) = pattern {
        for (_, value) in fields.iter_mut().filter(|(key, _)| &**key == "name") {
            if *value == Data::Null {
                *value = Data::Text(program.clone());
            }
        }
    }
}

/// When the program runs by itself, as its header says.
pub fn schedule(module: &Verified) -> Result<Schedule, Problem> {
    let value = Header::of(module).json("schedule").ok_or_else(words::no_schedule)?;
    prism_schedule::read(&value).map_err(|mistake| words::no_such_schedule(&mistake))
}

/// Makes room for the time of each run, where the program can see it.
pub fn with_scheduled_at(module: &Verified, inputs: &mut Inputs) {
    let reads_context = |input: &HostInput| module.text(input.name) == "context";
    if !module.module().inputs.iter().any(reads_context) {
        return;
    }
    let known = inputs.iter().position(|(name, _)| &**name == "context");
    let context = known.map(|known| inputs.swap_remove(known).1);
    let mut fields = match context {
        Some(Data::Object(fields)) => fields,
        _ => Vec::new(),
    };
    fields.push(("scheduledAt".into(), Data::Null));
    inputs.push(("context".into(), Data::Object(fields)));
}

/// The agents that `@agents`, `@minAgents` and `@maxAgents` of the header choose: those that it
/// names, or all of the manifest, as far as they have its capabilities.
fn selected(header: &Header<'_>, registry: &Registry) -> Result<Data, Problem> {
    let wanted = header.json("agents").unwrap_or(Value::Null);
    let texts = |list: &Value| -> Vec<String> {
        let items = list.as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (names, capabilities) = match &wanted {
        list @ Value::Array(_) => (texts(list), Vec::new()),
        wanted => (texts(&wanted["names"]), texts(&wanted["capabilities"])),
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let required: Vec<&str> = capabilities.iter().map(String::as_str).collect();
    let count = |key: &str| {
        let own = header.json(key).and_then(|value| value.as_u64());
        own.or(wanted[key].as_u64()).and_then(|count| usize::try_from(count).ok())
    };
    let (min, max) = (count("minAgents").unwrap_or(0), count("maxAgents"));
    let chosen = match names.as_slice() {
        [] => registry.select(&required, min, max),
        names => registry.select_named(names, &required, min, max),
    };
    let chosen =
        chosen.map_err(|error| Problem::new(error.code, error.message).with_help(error.help))?;
    let handles = chosen.iter().map(|spec| Data::Agent(AgentSpec::handle(spec)));
    let mut agents = Data::Array(handles.collect());
    with_contract(&mut agents, header);
    Ok(agents)
}

/// The `minConfidence` of `@agents` is the contract of each of them, as if it were declared so.
fn with_contract(agents: &mut Data, header: &Header<'_>) {
    const KEY: &str = "minConfidence";
    let least = header.json("agents").and_then(|agents| agents[KEY].as_f64());
    let (Some(least), Data::Array(agents)) = (least, agents) else { return };
    for agent in agents {
        if let Data::Agent(handle) = agent {
            handle.attributes.retain(|(key, _)| &**key != KEY);
            handle.attributes.push((KEY.into(), Data::Number(least)));
        }
    }
}

/// The handles of a group's agents.
fn members(group: &Group, registry: &Registry) -> Result<Data, Problem> {
    let chosen = match &group.members {
        Members::Names(names) => {
            names.iter().map(|name| registry.get(name).cloned()).collect::<Result<Vec<_>, _>>()
        }
        Members::Capabilities(wanted) => {
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            registry.select(&wanted, 0, None)
        }
    };
    let chosen =
        chosen.map_err(|error| Problem::new(error.code, error.message).with_help(error.help))?;
    Ok(Data::Array(chosen.iter().map(|spec| Data::Agent(AgentSpec::handle(spec))).collect()))
}

/// A handle that was given by name has the attributes of the agent that the manifest binds to it.
fn with_attributes(agents: &mut Data, registry: &Registry) {
    let Data::Array(agents) = agents else { return };
    for agent in agents {
        if let Data::Agent(handle) = agent
            && let Ok(spec) = registry.get(&handle.name)
        {
            *agent = Data::Agent(AgentSpec::handle(spec));
        }
    }
}

/// As older patterns know agents: plain objects.
fn agent_list(agents: &Data) -> Data {
    let plain = |agent: &Data| match agent {
        Data::Agent(agent) => Data::Object(agent.attributes.clone()),
        other => other.clone(),
    };
    Data::Array(agents.as_array().unwrap_or_default().iter().map(plain).collect())
}

/// The pattern header of a module.
pub(crate) struct Header<'m> {
    module: &'m Verified,
}

impl<'m> Header<'m> {
    pub fn of(module: &'m Verified) -> Header<'m> {
        Header { module }
    }

    pub fn json(&self, key: &str) -> Option<Value> {
        let rows = &self.module.module().header;
        let (_, value) = rows.iter().find(|(name, _)| self.module.text(*name) == key)?;
        serde_json::from_str(self.module.text(*value)).ok()
    }

    pub fn text(&self, key: &str) -> Option<Arc<str>> {
        match self.json(key)? {
            Value::String(text) => Some(text.into()),
            other => Some(other.to_string().into()),
        }
    }
}
