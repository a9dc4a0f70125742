//! Secrets: which of them a value is made of, and where a function takes those of its arguments.
//!
//! A value carries a set of *sources* beside its confidence ([`Secrets`]): the places that declare
//! a `secret`, and the parameters of the functions around, of which nobody knows yet what they
//! will be given. What reaches a prompt or a log is a mistake when it is made of a declared
//! secret; when it is made of a parameter, callers learn of it from the function's [`Flows`].

use std::sync::Arc;

use crate::confidence::Label;
use crate::errors::Site;
use crate::types::Text;

/// A set of sources of the body that is walked, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Secrets(u32);

/// Sources that are declared secrets; the others are parameters.
const N_DECLARED: usize = 8;
const N_SOURCES: usize = 32;
const DECLARED: u32 = (1 << N_DECLARED) - 1;

/// Fields of fields are told apart so deep, and so many fields that were replaced are remembered.
const MAX_PATH: usize = 4;
/// A function remembers so many ways out.
const MAX_LEAKS: usize = 24;

impl Secrets {
    pub const NONE: Secrets = Secrets(0);
    /// A secret that was declared somewhere else.
    pub const SOME: Secrets = Secrets(1);

    pub const fn and(self, other: Secrets) -> Secrets {
        Secrets(self.0 | other.0)
    }

    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// A declared secret is certainly among them.
    pub fn is_certain(self) -> bool {
        self.0 & DECLARED != 0
    }

    /// Only the declared ones.
    pub fn certain(self) -> Secrets {
        Secrets(self.0 & DECLARED)
    }

    /// As other bodies see them: where a secret was declared is not told.
    pub fn elsewhere(self) -> Secrets {
        let declared = if self.is_certain() { Secrets::SOME.0 } else { 0 };
        Secrets(self.0 & !DECLARED | declared)
    }

    fn without(self, others: Secrets) -> Secrets {
        Secrets(self.0 & !others.0)
    }

    fn among(self, others: Secrets) -> Secrets {
        Secrets(self.0 & others.0)
    }

    fn bits(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(bit)
        })
    }
}

/// A part of a parameter: `config.keys` of the first one, without the keys that were replaced.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part {
    pub param: usize,
    pub path: Vec<Text>,
    pub without: Vec<Text>,
}

impl Part {
    /// Whether another part is the field `name` of this one.
    fn holds(&self, name: &Text, other: &Part) -> bool {
        let is_inside =
            other.path.split_last().is_some_and(|(last, path)| last == name && path == self.path);
        is_inside && other.param == self.param && other.without.is_empty()
    }

    fn field(&self, name: &Text) -> Part {
        let mut path = Vec::with_capacity(self.path.len() + 1);
        path.extend(self.path.iter().chain([name]).cloned());
        Part { param: self.param, path, without: Vec::new() }
    }
}

/// What happens to arguments of a function, as its callers need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Flows(Option<Arc<Ways>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Ways {
    /// What the sources in the type of the result stand for.
    parts: Vec<(Secrets, Part)>,
    leaks: Vec<Leak>,
}

/// A part of a parameter that a function gives to whom no secret may be given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Leak {
    pub part: Part,
    pub reader: Reader,
}

/// Where a secret would be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reader {
    /// An operation, with the name of its parameter: `http.get` and `url`.
    Operation {
        name: Text,
        param: Text,
    },
    Print,
    /// The message of an error.
    Throw,
    /// What the run gives.
    Result,
}

impl Flows {
    fn new(parts: Vec<(Secrets, Part)>, leaks: Vec<Leak>) -> Flows {
        let is_empty = parts.is_empty() && leaks.is_empty();
        Flows((!is_empty).then(|| Arc::new(Ways { parts, leaks })))
    }

    pub fn leaks(&self) -> &[Leak] {
        self.0.as_ref().map_or(&[], |ways| &ways.leaks)
    }

    /// The parts of parameters that these sources of the result stand for.
    pub fn parts(&self, secrets: Secrets) -> impl Iterator<Item = &Part> {
        let parts = self.0.iter().flat_map(|ways| &ways.parts);
        parts.filter(move |(bit, _)| !bit.among(secrets).is_none()).map(|(_, part)| part)
    }

    /// The sources that stand for the function's own parameters.
    fn own(&self) -> Secrets {
        let parts = self.0.iter().flat_map(|ways| &ways.parts);
        parts.fold(Secrets::NONE, |all, (bit, _)| all.and(*bit))
    }

    /// A label without what only the function's own callers give it.
    pub fn label_outside(&self, label: Label) -> Label {
        Label { secrets: label.secrets.without(self.own()), ..label }
    }

    /// Gives new sources for those that do not stand for the function's own parameters.
    pub fn renamed_outside(
        &self,
        secrets: Secrets,
        rename: &mut dyn FnMut(Secrets) -> Secrets,
    ) -> Secrets {
        let own = self.own();
        let renamed = rename(secrets.without(own));
        // A source of the other body that has the number of an own one is let go.
        secrets.among(own).and(renamed.without(own))
    }

    /// What one of two functions does, nobody knows which.
    pub fn and(&self, other: &Flows) -> Flows {
        let (Some(a), Some(b)) = (&self.0, &other.0) else {
            return if self.0.is_some() { self.clone() } else { other.clone() };
        };
        let mut all = Ways::clone(a);
        all.parts.extend(b.parts.iter().filter(|part| !a.parts.contains(part)).cloned());
        all.leaks.extend(b.leaks.iter().filter(|leak| !a.leaks.contains(leak)).cloned());
        all.leaks.truncate(MAX_LEAKS);
        Flows::new(all.parts, all.leaks)
    }
}

/// The sources of a body that is being walked.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    declared: Vec<Site>,
    /// By bit, from the first behind the declared ones; `None` where a function has ended.
    params: Vec<Option<(Owner, Part)>>,
    leaks: Vec<(Owner, Leak)>,
    n_owners: u32,
}

/// A function whose parameters are sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(u32);

impl Sources {
    /// A place that declares a secret.
    pub fn declare(&mut self, at: Site) -> Secrets {
        let known = self.declared.iter().position(|site| *site == at);
        let index = known.unwrap_or_else(|| {
            self.declared.push(at);
            self.declared.len() - 1
        });
        // The first bit is for what comes from elsewhere.
        if index + 1 < N_DECLARED { Secrets(1 << (index + 1)) } else { Secrets::SOME }
    }

    /// Where the first of the secrets was declared, if that is in this body.
    pub fn declaration(&self, secrets: Secrets) -> Option<Site> {
        let bit = secrets.certain().bits().find(|bit| *bit > 0)?;
        self.declared.get(bit - 1).copied()
    }

    pub fn begin(&mut self) -> Owner {
        self.n_owners += 1;
        Owner(self.n_owners)
    }

    pub fn param(&mut self, owner: Owner, param: usize) -> Secrets {
        self.source(owner, Part { param, path: Vec::new(), without: Vec::new() })
    }

    /// None when there are too many.
    fn source(&mut self, owner: Owner, part: Part) -> Secrets {
        let is_it = |known: &Option<(Owner, Part)>| {
            known.as_ref().is_some_and(|(of, known)| *of == owner && *known == part)
        };
        let free = self.params.iter().position(is_it);
        let free = free.or_else(|| self.params.iter().position(Option::is_none));
        let index = free.unwrap_or(self.params.len());
        let bit = N_DECLARED + index;
        if bit >= N_SOURCES {
            return Secrets::NONE;
        }
        let source = Some((owner, part));
        match self.params.get_mut(index) {
            Some(slot) => *slot = source,
            None => self.params.push(source),
        }
        Secrets(1 << bit)
    }

    /// What is in the field `name` of values with these secrets.
    pub fn field(&mut self, secrets: Secrets, name: &Text) -> Secrets {
        let mut all = secrets.certain();
        for bit in secrets.without(all).bits() {
            let Some(Some((owner, part))) = self.params.get(bit - N_DECLARED) else { continue };
            // A field that was replaced holds what replaced it.
            if part.without.contains(name) {
                continue;
            }
            if part.path.len() == MAX_PATH {
                all = all.and(Secrets(1 << bit));
                continue;
            }
            let is_it = |known: &Option<(Owner, Part)>| {
                known.as_ref().is_some_and(|(of, known)| of == owner && part.holds(name, known))
            };
            all = all.and(match self.params.iter().position(is_it) {
                Some(index) => Secrets(1 << (N_DECLARED + index)),
                None => {
                    let (owner, inside) = (*owner, part.field(name));
                    self.source(owner, inside)
                }
            });
        }
        all
    }

    /// The secrets of an object whose field `name` was given another value.
    pub fn replaced(&mut self, secrets: Secrets, name: &Text) -> Secrets {
        let mut all = secrets.certain();
        for bit in secrets.without(all).bits() {
            let Some(Some((owner, part))) = self.params.get(bit - N_DECLARED) else { continue };
            let (owner, mut part) = (*owner, part.clone());
            if part.without.len() < MAX_PATH && !part.without.contains(name) {
                part.without.push(name.clone());
            }
            all = all.and(self.source(owner, part));
        }
        all
    }

    /// These secrets are seen by somebody: callers must know what they give away.
    pub fn leak(&mut self, secrets: Secrets, reader: &Reader) {
        for bit in secrets.bits().filter(|bit| *bit >= N_DECLARED) {
            let Some(Some((owner, part))) = self.params.get(bit - N_DECLARED) else { continue };
            let leak = (*owner, Leak { part: part.clone(), reader: reader.clone() });
            if self.leaks.len() < MAX_LEAKS && !self.leaks.contains(&leak) {
                self.leaks.push(leak);
            }
        }
    }

    /// The function has ended: its parameters are sources no more.
    pub fn end(&mut self, owner: Owner, result: Secrets) -> Flows {
        // They are kept as long as the function: no room is left in them.
        let mut parts = Vec::with_capacity(result.bits().filter(|bit| *bit >= N_DECLARED).count());
        for (index, slot) in self.params.iter_mut().enumerate() {
            let Some((_, part)) = slot.take_if(|(of, _)| *of == owner) else { continue };
            let bit = Secrets(1 << (N_DECLARED + index));
            if !bit.among(result).is_none() {
                parts.push((bit, part));
            }
        }
        let is_own = |(of, _): &mut (Owner, Leak)| *of == owner;
        let leaks = self.leaks.extract_if(.., is_own).map(|(_, leak)| leak).collect();
        Flows::new(parts, leaks)
    }
}
