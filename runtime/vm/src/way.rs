//! The names of effects and of fibers.
//!
//! The *way* to a place is the path of its fiber and the calls under way that have a name, each
//! followed by `/`. An effect id is a way, a site, and how often that was asked for before; the
//! path of a fiber is the way to its `spawn` and how many were made there before. So a call that
//! is added to a program leaves the names of all others as they are.
//!
//! Frames hold no names: they are looked up in the module when an effect is asked for.

use std::fmt::Write;
use std::hash::Hasher;

use prism_bytecode::{Inst, SiteId, StrId};
use rustc_hash::{FxHashSet, FxHasher};

use crate::core::Core;
use crate::fiber::{Fiber, Frame, FrameKind};

/// The longest way that is written out, in bytes.
const LONGEST: usize = 160;

/// How much of a longer one is kept, from its end.
const KEPT: usize = 80;

/// Room for most names behind a way.
const NAME: usize = 48;

/// What a frame adds to a way.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// A named call in a function.
    Call { function: StrId, name: StrId },
    /// An effect whose clause runs in place.
    Effect { site: StrId },
}

impl Core {
    /// The id of the next request at a site.
    pub(crate) fn effect_id(&self, fiber: &mut Fiber, site: SiteId) -> String {
        let mut id = self.way(fiber);
        id.push_str(self.module_text(self.program.module().sites[site.index()].name));
        let count = fiber.count(&id);
        write!(id, "#{count}").expect("a string takes every write");
        id
    }

    /// The path of the next fiber that is spawned here.
    pub(crate) fn child_path(&self, fiber: &mut Fiber) -> String {
        let mut path = self.way(fiber);
        path.truncate(path.trim_end_matches('/').len());
        path.push('[');
        let count = fiber.count(&path);
        write!(path, "{count}]/").expect("a string takes every write");
        path
    }

    /// The way to where a fiber is. A call that is under way several times, by recursion, is
    /// named once.
    fn way(&self, fiber: &Fiber) -> String {
        let mut way = String::with_capacity(fiber.path.len() + NAME);
        way.push_str(&fiber.path);
        let mut seen = FxHashSet::default();
        let mut last = 0;
        for frame in &fiber.frames {
            if std::mem::replace(&mut last, frame.pc) == frame.pc {
                continue;
            }
            let Some(step) = self.step(frame).filter(|step| seen.insert(*step)) else { continue };
            match step {
                Step::Call { function, name } => {
                    way.extend([&**self.module_text(function), ".", self.module_text(name), "/"]);
                }
                Step::Effect { site } => way.extend([&**self.module_text(site), "/"]),
            }
        }
        shortened(way)
    }

    fn step(&self, frame: &Frame) -> Option<Step> {
        let program = &self.program;
        let id = program.function_at(frame.pc.checked_sub(1)?);
        let function = program.module().functions.get(id.index())?;
        if frame.kind == FrameKind::Clause {
            let before = |n: u32| program.code().get(frame.pc.checked_sub(n)? as usize);
            let (Some(Inst::Perform(..)), Some(Inst::Arg(site))) = (before(2), before(1)) else {
                return None;
            };
            let site = program.module().sites.get(site.value() as usize)?;
            return Some(Step::Effect { site: site.name });
        }
        let pc = frame.pc - program.functions()[id.index()].start;
        let at = function.calls.binary_search_by_key(&pc, |called| called.pc).ok()?;
        Some(Step::Call { function: function.name, name: function.calls[at].name })
    }
}

impl Fiber {
    /// How often this was asked for before.
    fn count(&mut self, name: &str) -> u32 {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let count = self.counts.entry(hasher.finish()).or_insert(0);
        *count += 1;
        *count - 1
    }
}

/// A way that is too long as a hash of it all, and its last steps.
fn shortened(way: String) -> String {
    if way.len() <= LONGEST {
        return way;
    }
    let hash = blake3::hash(way.as_bytes()).to_hex();
    let tail = (way.len() - KEPT..way.len()).find_map(|at| way.get(at..));
    let tail = tail.and_then(|tail| tail.split_once('/')).map_or("", |(_, steps)| steps);
    format!("~{}/{tail}", &hash[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_way_is_short_and_keeps_its_end() {
        let way = |first: &str| format!("{first}/{}main.last/", "some.call/".repeat(20));
        let (one, other) = (shortened(way("main.a")), shortened(way("main.b")));
        assert!(one.len() <= 1 + 16 + 1 + KEPT && one.starts_with('~'), "{one}");
        assert!(one.ends_with("/some.call/main.last/") && one[17..] == other[17..], "{one}");
        assert_ne!(one, other);
        assert_eq!(shortened("main.a/".to_owned()), "main.a/");
        // A step that is longer than what is kept, in letters of several bytes.
        let long = shortened(format!("{}/", "ä".repeat(100)));
        assert_eq!((long.len(), long.ends_with('/')), (18, true), "{long}");
    }
}
