//! What hover and completion say: the only file of this crate with sentences.

use prism_typeck::{Confidence, Effects, FunctionType};

/// Words of the language, with what they do. Where a word may stand is for completion.
pub(crate) const KEYWORDS: &[(&str, &str)] = &[
    ("Agent", "The type of an agent's handle; `agents { Name: Agent { … } }` declares agents."),
    ("agent", "`agent Name { … }` declares an agent; `agent.call({ … })` asks one."),
    (
        "agents",
        "`agents { Name: Agent { … } }` declares agents; as a value, the agents of the run.",
    ),
    ("as", "Gives an imported or exported name another one."),
    ("async", "Accepted before `function`; calls wait where they must without it."),
    ("await", "Waits for a promise; on any other value it does nothing."),
    ("break", "Leaves the innermost loop."),
    ("case", "One case of a `switch`."),
    (
        "catch",
        "What to do when something in `try` fails; `catch (e)` gets `{ message, code, data }`.",
    ),
    ("const", "Declares a variable that is never assigned again."),
    ("continue", "Goes on with the next round of the innermost loop."),
    (
        "default",
        "The branch for bands without one of their own; the case of a `switch` for the rest.",
    ),
    ("do", "`do { … } while condition`: the body runs at least once."),
    (
        "effect",
        "`effect audit { record(entry: any): null }` declares operations that handlers answer.",
    ),
    ("else", "What to do when the condition does not hold."),
    ("export", "Lets other modules import what follows."),
    ("false", "The boolean that is not true."),
    ("finally", "What to do after `try`, however it ended."),
    ("fn", "The same as `function`."),
    ("for", "`for x in xs`, `for x, i in xs`, or `for init; condition; update`."),
    ("from", "The module that an import or a re-export reads."),
    ("function", "Declares a function; its value is that of its last statement."),
    ("handle", "`handle { … } with { agent.call(request) => resume(answer) }` answers effects."),
    ("high", "The band of confidences from 0.7, unless the limits are set."),
    ("if", "Chooses by a condition; `if e ~> k` asks whether e is truthy and at least k sure."),
    ("import", "Brings in what another module exports."),
    ("in", "`k in o`: has the object the key? In `for x in xs`: each element."),
    ("instanceof", "Asks for the kind of a value."),
    ("let", "Declares a variable."),
    ("low", "The band of confidences below 0.5, unless the limits are set."),
    ("match", "Chooses by patterns: `match e { pattern => value }`."),
    ("medium", "The band of confidences from 0.5 to 0.7, unless the limits are set."),
    ("null", "No value."),
    ("of", "`for (const x of xs)`: each element."),
    ("pattern", "`pattern Name { … }` declares a pattern of agents."),
    ("resume", "In a handler: goes on where the effect was performed, with this answer."),
    ("return", "Ends the function with a value."),
    ("switch", "Chooses by equal values."),
    ("test", "`test \"name\" { … }` is run by `prism test`."),
    ("throw", "Fails with a value, which `catch` can get."),
    ("true", "The boolean that is true."),
    ("try", "Runs statements whose failure `catch` gets."),
    ("type", "`type Vote = \"yes\" | \"no\"` gives a type a name."),
    ("typeof", "The kind of a value as a text."),
    (
        "uncertain",
        "`uncertain if (e) { high { … } medium { … } low { … } }`: only the confidence decides.",
    ),
    ("uses", "The effects that a function may have; `uses none` promises that it has none."),
    ("while", "Repeats as long as the condition holds."),
    ("with", "The clauses that answer the effects of `handle`."),
];

/// Operators that other languages do not have.
const OPERATORS: &[(&str, &str)] = &[
    (
        "~>",
        "`e ~> k`: e with the confidence k. As a whole condition: is e truthy and at least k sure?",
    ),
    ("<~", "`<~ e`: the confidence of e as a number; 1 for a plain value."),
    ("~", "`~e`: the confidence of e as a number; 1 for a plain value."),
    ("~~", "`a ~~ b`: the value of b with the lower of both confidences."),
    ("~||>", "`a ~||> b`: the operand that is more sure, a when both are."),
    ("~??", "`a ~?? b`: a when it is at least 0.5 sure, else b."),
    ("~?>", "`a ~?> t`: a when it is at least t sure, else null; `a ~?> [t, d]` gives d instead."),
    (
        "~@>",
        "`a ~@> b`: b when a is at least 0.7 sure, else a with half its confidence; `a ~@> 0.8` is a or null.",
    ),
    ("~?", "`c ~? a : b`: a or b, with its confidence times that of c."),
    ("~.", "`o~.k`: the member with the confidence of both together."),
    (
        "~>=",
        "`T ~>= k`: a T that is at least k sure. Between values: compares, with the lower confidence.",
    ),
    ("~&&", "`a ~&& b`: both, with the lower confidence."),
    ("~||", "`a ~|| b`: one of them, with the higher confidence."),
    ("|>", "`x |> f`: f called with x; `_` stands for x in the stage."),
    ("~|>", "`x ~|> f`: like `|>`, and a plain result takes the confidence of x."),
    ("?.", "`o?.k`: null when o is null or has no k."),
    ("??", "`a ?? b`: b when a is null."),
    ("~+", "Computes with the lower of both confidences."),
    ("~-", "Computes with the lower of both confidences."),
    ("~*", "Computes with the lower of both confidences."),
    ("~/", "Computes with the lower of both confidences."),
    ("~==", "Compares, with the lower of both confidences."),
    ("~!=", "Compares, with the lower of both confidences."),
    ("~<", "Compares, with the lower of both confidences."),
    ("~<=", "Compares, with the lower of both confidences."),
];

/// What a keyword or an operator does.
pub(crate) fn about(word: &str) -> Option<&'static str> {
    let mut all = KEYWORDS.iter().chain(OPERATORS);
    all.find(|(known, _)| *known == word).map(|(_, about)| *about)
}

/// How sure a value is.
pub(crate) fn confidence(confidence: Confidence) -> String {
    let Confidence { low, high, .. } = confidence;
    let mut words = if confidence.is_plain() {
        "confidence 1 (plain)".to_owned()
    } else if confidence.is_unknown() {
        "confidence unknown, 0 to 1".to_owned()
    } else if low == high {
        format!("confidence {low}")
    } else {
        format!("confidence {low} to {high}")
    };
    if confidence.secrets.is_certain() {
        words.push_str(" · made of a secret");
    }
    words
}

/// What calling a function may do.
pub(crate) fn effects(effects: &Effects) -> String {
    let families = match effects.families().as_slice() {
        [] => "uses none".to_owned(),
        families => format!("uses {}", families.join(", ")),
    };
    match effects.calls_unknown {
        true => format!("{families}, and whatever its callbacks do"),
        false => families,
    }
}

/// The effects and the confidence of a function's result.
pub(crate) fn function(function: &FunctionType) -> String {
    format!("{} · result: {}", effects(&function.effects), confidence(function.result.confidence))
}

/// An agent of the manifest.
pub(crate) fn agent(name: &str, capabilities: &[impl AsRef<str>]) -> String {
    let capabilities: Vec<&str> = capabilities.iter().map(AsRef::as_ref).collect();
    match capabilities.as_slice() {
        [] => format!("The agent `{name}` of prism.toml."),
        all => format!("The agent `{name}` of prism.toml, capable of {}.", all.join(", ")),
    }
}

pub(crate) const HOST: &str = "Supplied by the host of the run.";
pub(crate) const BUILTIN: &str = "Part of the language.";

/// A name that several agents of the manifest answer to.
pub(crate) const GROUP: &str = "A group of agents of prism.toml.";

/// An operation that the host answers unless a handler does.
pub(crate) fn operation(effect: &str) -> String {
    format!("uses {effect}")
}
