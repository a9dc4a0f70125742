//! The effects of the language: what a program may ask of its host.

/// One operation. `agent.call` is the operation `call` of the effect `agent`; `llm` has no part
/// after a dot and is called by its own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectOp {
    /// The name in types, in the IR and in the journal.
    pub name: &'static str,
    /// The name in a `uses` clause.
    pub effect: &'static str,
    pub params: &'static [&'static str],
    /// How many of the parameters are needed.
    pub least: u8,
    /// What hover shows.
    pub detail: &'static str,
}

const fn op(
    name: &'static str,
    effect: &'static str,
    params: &'static [&'static str],
    least: u8,
    detail: &'static str,
) -> EffectOp {
    EffectOp { name, effect, params, least, detail }
}

/// Every operation, by rising name.
pub const EFFECTS: &[EffectOp] = &[
    op(
        "agent.call",
        "agent",
        &["request"],
        1,
        "(request: { agent, task, input?, context?, timeout? }): any, confident",
    ),
    op(
        "agent.once",
        "agent",
        &["request"],
        1,
        "(request: { agent, task, input?, context?, timeout? }): { outcome, value?, reason? }",
    ),
    op("checkpoint", "state", &["label"], 0, "(label?: string): null"),
    op("event.publish", "event", &["topic", "payload"], 1, "(topic: string, payload?: any): null"),
    op(
        "event.subscribe",
        "event",
        &["topic", "options"],
        1,
        "(topic: string, options?: object): any",
    ),
    op(
        "http.get",
        "http",
        &["url", "options"],
        1,
        "(url: string, options?: object): { status, headers, body }",
    ),
    op(
        "http.post",
        "http",
        &["url", "body", "options"],
        1,
        "(url: string, body?: any, options?: object): { status, headers, body }",
    ),
    op(
        "http.request",
        "http",
        &["request"],
        1,
        "(request: { method, url, headers?, body? }): { status, headers, body }",
    ),
    op(
        "human.approve",
        "human",
        &["request"],
        1,
        "(request: { reason, proposal?, choices?, deadline?, chain? }): { approved, choice?, reason, by }",
    ),
    op(
        "human.ask",
        "human",
        &["request"],
        1,
        "(request: { reason, choices?, deadline?, chain? }): { approved, choice?, reason, by }",
    ),
    op(
        "llm",
        "llm",
        &["prompt", "options"],
        1,
        "(prompt: string, options?: object): string, confident",
    ),
    op("log", "log", &["message", "data"], 1, "(message: any, data?: any): null"),
    op("propose", "state", &["patch"], 1, "(patch: any): any"),
    op("random", "random", &[], 0, "(): number"),
    op("state.get", "state", &["key", "default"], 1, "(key: string, default?: any): any"),
    op("state.set", "state", &["key", "value"], 2, "(key: string, value: any): null"),
    op(
        "stream_llm",
        "llm",
        &["prompt", "options"],
        1,
        "(prompt: string, options?: object): { next, result, cancel }",
    ),
    op("time.deadline", "time", &[], 0, "(): number | null"),
    op("time.now", "time", &[], 0, "(): number"),
    op("time.sleep", "time", &["milliseconds"], 1, "(milliseconds: number): null"),
    op("workspace.commit", "workspace", &["message"], 1, "(message: string): string"),
    op("workspace.diff", "workspace", &[], 0, "(): string"),
    op(
        "workspace.exec",
        "workspace",
        &["command", "options"],
        1,
        "(command: string[], options?: object): { status, output }",
    ),
    op("workspace.list", "workspace", &["folder"], 0, "(folder?: string): string[]"),
    op("workspace.push", "workspace", &[], 0, "(): null"),
    op("workspace.read", "workspace", &["path"], 1, "(path: string): string"),
    op("workspace.write", "workspace", &["path", "text"], 2, "(path: string, text: string): null"),
];

/// The operation with this full name.
pub fn effect(name: &str) -> Option<&'static EffectOp> {
    let index = EFFECTS.binary_search_by(|op| op.name.cmp(name)).ok()?;
    EFFECTS.get(index)
}

/// The operation `call` of `agent`.
pub fn effect_op(namespace: &str, operation: &str) -> Option<&'static EffectOp> {
    EFFECTS.iter().find(|op| op.name.split_once('.') == Some((namespace, operation)))
}

/// `agent`, `time`, `http`: names before the dot.
pub fn is_effect_namespace(name: &str) -> bool {
    EFFECTS.iter().any(|op| op.name.split_once('.').is_some_and(|(first, _)| first == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_rise_and_are_found() {
        assert!(EFFECTS.is_sorted_by(|a, b| a.name < b.name));
        assert_eq!(effect("agent.call"), effect_op("agent", "call"));
        assert!(is_effect_namespace("time") && !is_effect_namespace("llm"));
    }
}
