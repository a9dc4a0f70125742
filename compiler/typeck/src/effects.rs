//! Effect sets: what a function may ask of the world.
//!
//! A set is tracked per *operation* (`http.get`), because a handler answers operations, and is
//! shown and declared per *family* (`http`).

use std::fmt;
use std::sync::Arc;

use prism_hir::builtins::EFFECTS;

use crate::confidence::Level;

pub type Text = Arc<str>;

/// A set of effects. Equality is set equality.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Effects {
    /// Bit `i` is the operation `EFFECTS[i]`.
    builtin: u64,
    /// Operations of the program's own effects, sorted: `audit.record`.
    own: Vec<Text>,
    /// A value of unknown type is called: what it does is not in the set.
    pub calls_unknown: bool,
    /// What is called so may be an argument of the function.
    pub calls_given: bool,
    /// Operations that a handler answers around every such call, sorted.
    answered: Vec<Text>,
    /// Writes a variable that outlives the function, or prints: not an effect for `uses`,
    /// but a reason to call the function.
    pub writes: bool,
    /// Something irreversible happens that nothing in here has decided about: whoever calls this
    /// must have reasons of this level.
    pub undecided: Level,
}

impl Effects {
    pub const NONE: Effects = Effects {
        builtin: 0,
        own: Vec::new(),
        calls_unknown: false,
        calls_given: false,
        answered: Vec::new(),
        writes: false,
        undecided: Level::Unknown,
    };

    /// The set of one operation, `agent.call` or `audit.record`.
    pub fn operation(name: &str) -> Effects {
        match bit(name) {
            Some(bit) => Effects { builtin: bit, ..Effects::NONE },
            None => Effects { own: vec![Arc::from(name)], ..Effects::NONE },
        }
    }

    /// The call of a value of which nothing is known.
    pub fn unknown() -> Effects {
        Effects { calls_given: true, ..Effects::unknown_method() }
    }

    /// The call of a method of which nothing is known but that lists or texts have one of its
    /// name, which calls nothing: `log.push(x)`.
    pub fn unknown_method() -> Effects {
        Effects { calls_unknown: true, writes: true, ..Effects::NONE }
    }

    /// Printing, and writing a variable that outlives the function.
    pub fn write() -> Effects {
        Effects { writes: true, ..Effects::NONE }
    }

    /// What `uses` declares: families, or own effects by their name.
    pub fn declared(families: &[Text]) -> Effects {
        let mut effects = Effects { writes: true, ..Effects::NONE };
        for family in families {
            let mask = family_mask(family);
            effects.builtin |= mask;
            if mask == 0 && &**family != "none" {
                effects.insert_own(family);
            }
        }
        effects
    }

    /// No operation is in the set; unknown calls do not count.
    pub fn is_empty(&self) -> bool {
        self.builtin == 0 && self.own.is_empty()
    }

    /// Calling it has no consequence but its result.
    pub fn is_pure(&self) -> bool {
        self.is_empty() && !self.calls_unknown && !self.writes
    }

    pub fn add(&mut self, other: &Effects) {
        self.builtin |= other.builtin;
        match (self.calls_given, other.calls_given) {
            (true, true) => self.answered.retain(|operation| other.answered.contains(operation)),
            (false, true) => self.answered = other.answered.clone(),
            (_, false) => {}
        }
        self.calls_unknown |= other.calls_unknown;
        self.calls_given |= other.calls_given;
        self.writes |= other.writes;
        self.undecided = self.undecided.max(other.undecided);
        for name in &other.own {
            self.insert_own(name);
        }
    }

    /// A handler answers `operation`. A declared own family (`uses audit` of a function type)
    /// counts as answered by any of its clauses: which operations it means is not known here.
    pub fn remove(&mut self, operation: &str) {
        match bit(operation) {
            Some(bit) => self.builtin &= !bit,
            None => self.own.retain(|name| &**name != operation && &**name != family_of(operation)),
        }
        if self.own.is_empty() {
            self.undecided = Level::Unknown;
        }
        if self.calls_given
            && let Err(at) = self.answered.binary_search_by(|known| (**known).cmp(operation))
        {
            self.answered.insert(at, operation.into());
        }
    }

    /// What is left of the effects of a function that is given to one with these effects, which
    /// calls it.
    pub fn around(&self, mut given: Effects) -> Effects {
        for operation in &self.answered {
            given.remove(operation);
        }
        given
    }

    /// The operations of `self` that `uses` does not declare, by name.
    pub fn missing_from(&self, declared: &Effects) -> Vec<Text> {
        let builtin = self.builtin & !declared.builtin;
        let mut missing: Vec<Text> = names(builtin).map(Arc::from).collect();
        let own = self.own.iter().filter(|name| !declared.declares_own(name));
        missing.extend(own.cloned());
        missing
    }

    /// Asks an agent or a model.
    pub fn asks_agents(&self) -> bool {
        self.builtin & (family_mask("agent") | family_mask("llm")) != 0
    }

    pub fn contains(&self, operation: &str) -> bool {
        match bit(operation) {
            Some(bit) => self.builtin & bit != 0,
            None => self.own.iter().any(|name| &**name == operation),
        }
    }

    /// Operations of the program's own effects.
    pub fn own(&self) -> &[Text] {
        &self.own
    }

    /// Every operation, built-in ones first.
    pub fn operations(&self) -> Vec<Text> {
        self.missing_from(&Effects::NONE)
    }

    /// Families in their order, then own effects: what `uses` would say.
    pub fn families(&self) -> Vec<Text> {
        let mut families: Vec<Text> = Vec::new();
        for name in builtin_families() {
            if self.builtin & family_mask(name) != 0 {
                families.push(Arc::from(name));
            }
        }
        for name in &self.own {
            let family = family_of(name);
            if families.last().is_none_or(|last| &**last != family) {
                families.push(Arc::from(family));
            }
        }
        families
    }

    fn declares_own(&self, operation: &str) -> bool {
        self.own.iter().any(|name| &**name == operation || &**name == family_of(operation))
    }

    fn insert_own(&mut self, name: &Text) {
        if let Err(at) = self.own.binary_search(name) {
            self.own.insert(at, name.clone());
        }
    }
}

impl fmt::Display for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let families = self.families();
        if families.is_empty() {
            return f.write_str("none");
        }
        f.write_str(&families.join(", "))
    }
}

/// Is `name` an effect family of the language?
pub fn is_builtin_family(name: &str) -> bool {
    family_mask(name) != 0
}

/// The families of the language, each once, by rising name.
pub fn builtin_families() -> Vec<&'static str> {
    let mut families: Vec<&str> = EFFECTS.iter().map(|op| op.effect).collect();
    families.sort_unstable();
    families.dedup();
    families
}

/// `agent` of `agent.call`, `audit` of `audit.record`.
pub fn family_of(operation: &str) -> &str {
    match EFFECTS.iter().find(|op| op.name == operation) {
        Some(op) => op.effect,
        None => operation.split('.').next().unwrap_or(operation),
    }
}

fn family_mask(family: &str) -> u64 {
    let indexed = EFFECTS.iter().enumerate();
    indexed.filter(|(_, op)| op.effect == family).fold(0, |mask, (index, _)| mask | 1 << index)
}

fn bit(operation: &str) -> Option<u64> {
    EFFECTS.binary_search_by(|op| op.name.cmp(operation)).ok().map(|index| 1 << index)
}

fn names(builtin: u64) -> impl Iterator<Item = &'static str> {
    let indexed = EFFECTS.iter().enumerate();
    indexed.filter(move |(index, _)| builtin & (1 << index) != 0).map(|(_, op)| op.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_print_families_once() {
        let mut effects = Effects::operation("http.post");
        effects.add(&Effects::operation("http.get"));
        effects.add(&Effects::operation("agent.call"));
        effects.add(&Effects::operation("audit.record"));
        effects.add(&Effects::operation("audit.erase"));
        assert_eq!(effects.to_string(), "agent, http, audit");
        assert_eq!(Effects::NONE.to_string(), "none");
    }

    #[test]
    fn a_handler_removes_one_operation() {
        let mut effects = Effects::operation("http.get");
        effects.add(&Effects::operation("http.post"));
        effects.remove("http.get");
        assert_eq!(effects.operations(), vec![Arc::from("http.post")]);
    }

    #[test]
    fn a_handler_around_unknown_calls_answers_what_is_given() {
        let given = Effects::operation("audit.record");
        let mut handles = Effects::unknown();
        handles.remove("audit.record");
        assert!(handles.around(given.clone()).is_empty());
        handles.add(&Effects::unknown_method());
        assert!(handles.around(given.clone()).is_empty());
        handles.add(&Effects::unknown());
        assert_eq!(handles.around(given.clone()), given);
    }

    #[test]
    fn declarations_cover_families() {
        let declared = Effects::declared(&[Arc::from("http"), Arc::from("audit")]);
        let mut used = Effects::operation("http.get");
        used.add(&Effects::operation("audit.record"));
        used.add(&Effects::operation("llm"));
        assert_eq!(used.missing_from(&declared), vec![Arc::from("llm")]);
        assert!(Effects::declared(&[Arc::from("none")]).is_empty());
    }
}
