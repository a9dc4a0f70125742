//! When code is made, and when it is given up.

use std::cell::RefCell;
use std::sync::Arc;

use prism_bytecode::Verified;
use prism_vm::tier::{Left, State, Tier};
use rustc_hash::FxHashMap;

use crate::flow::{Bodies, Values, around, bodies, is_inner};
use crate::kinds::Kinds;
use crate::live::live_at;
use crate::step::function_at;
use crate::unit::{Ran, Unit};

/// Fuel that one place must have used, as far as looks can tell, before code is made for it. At
/// 5 to 10 ns a unit this is about the time that compiling takes.
const HOT: u64 = 40_000;
/// Looks that this takes at least.
const LOOKS: u64 = 6;
/// How often code is made for a place: the kinds of values may change once or twice.
const TRIES: u8 = 3;
/// Units that one machine makes at most.
const MAX_UNITS: usize = 64;
/// How much hotter than others a place must be once there is code for the loop around it.
const PATIENCE: u64 = 4;
/// Runs after which a unit must have been worth it, and the fuel that a run must use on average.
/// Coming and going takes as long as interpreting a few instructions.
const TRIAL: u64 = 64;
const WORTH: u64 = 8;

/// Native code for a machine that runs this program, made where it is hot.
pub fn tier(program: Arc<Verified>) -> Box<dyn Tier> {
    with_hotness(program, HOT)
}

/// The same for code that runs more than once: for tests, which are short.
pub fn eager(program: Arc<Verified>) -> Box<dyn Tier> {
    with_hotness(program, 0)
}

/// The same for code that has used this much fuel.
pub fn with_hotness(program: Arc<Verified>, hotness: u64) -> Box<dyn Tier> {
    let interval = (hotness / LOOKS).max(1);
    Box::new(Native { program, interval, hotness, places: FxHashMap::default(), n_units: 0 })
}

struct Native {
    program: Arc<Verified>,
    interval: u64,
    hotness: u64,
    places: FxHashMap<u32, Place>,
    n_units: usize,
}

/// What is known of a place.
#[derive(Default)]
struct Place {
    looks: u64,
    tries: u8,
    unit: Option<Unit>,
    /// Where code for it begins.
    around: Option<u32>,
    /// A run to its end is worth it, whatever fuel it used.
    is_long: bool,
    /// Other runs, and the fuel they used.
    n_runs: u64,
    work: u64,
}

impl Tier for Native {
    fn interval(&self) -> u64 {
        self.interval
    }

    fn look(&mut self, pc: u32, state: &State<'_>) -> Option<u32> {
        // Code that begins in the middle of a loop has two ways into it, which costs it registers
        // in every turn. So it begins in the loop around, unless nobody comes there.
        let around = self.around(pc);
        if around != pc
            && !self.has_code(around)
            && self.is_hot(around, self.hotness)
            && self.make(around, state)
        {
            return Some(around);
        }
        let is_waiting = around != pc && self.has_code(around);
        let wanted = if is_waiting { PATIENCE * self.hotness } else { self.hotness };
        let has_code = self.has_code(pc) || self.is_hot(pc, wanted) && self.make(pc, state);
        has_code.then_some(pc)
    }

    fn enter(&mut self, pc: u32, state: &mut State<'_>) -> Left {
        let Some(place) = self.places.get_mut(&pc) else { return Left::Refused };
        let Some(unit) = &place.unit else { return Left::Refused };
        let before = state.fuel_left();
        let ran = unit.run(state);
        let left = match ran {
            Ran::Returned if place.is_long => return Left::Returned(state.view.result),
            Ran::Returned => Left::Returned(state.view.result),
            Ran::Left => Left::At,
            Ran::Refused => {
                place.unit = None;
                return Left::Refused;
            }
        };
        place.n_runs += 1;
        place.work += before - state.fuel_left();
        let is_stuck = left == Left::At && state.view.pc == pc as usize && !state.has_unwound();
        let is_idle = place.n_runs >= TRIAL && place.work < WORTH * place.n_runs;
        if is_idle {
            // Other values will not make it better.
            place.tries = TRIES;
        }
        if is_stuck || is_idle {
            place.unit = None;
        }
        if is_stuck { Left::Refused } else { left }
    }
}

impl Native {
    fn around(&mut self, pc: u32) -> u32 {
        let place = self.places.entry(pc).or_default();
        *place.around.get_or_insert_with(|| around(&self.program, pc))
    }

    fn has_code(&self, pc: u32) -> bool {
        self.places.get(&pc).is_some_and(|place| place.unit.is_some())
    }

    /// Counts a look at a place, which is hot once it has used so much fuel.
    fn is_hot(&mut self, pc: u32, wanted: u64) -> bool {
        let place = self.places.entry(pc).or_default();
        place.looks += 1;
        let may_try = place.tries < TRIES && self.n_units < MAX_UNITS;
        may_try && place.looks * self.interval >= wanted
    }

    /// Makes code for a place. Whether there is some now.
    fn make(&mut self, pc: u32, state: &State<'_>) -> bool {
        let place = self.places.entry(pc).or_default();
        place.tries += 1;
        place.looks = 0;
        let Some(bodies) = analyse(&self.program, pc, state) else {
            place.tries = TRIES;
            return false;
        };
        if !bodies.first.is_worth_it() {
            return false;
        }
        self.n_units += 1;
        place.unit = Unit::compile(&bodies);
        if place.unit.is_none() {
            place.tries = TRIES;
        }
        (place.is_long, place.n_runs, place.work) = (bodies.first.is_long(), 0, 0);
        place.unit.is_some()
    }
}

fn analyse(program: &Verified, pc: u32, state: &State<'_>) -> Option<Bodies> {
    let (id, _, _) = function_at(program, pc);
    let registers: Vec<u64> = state.registers().collect();
    let args: Vec<Kinds> = if !is_inner(program, pc)? {
        let n_params = usize::from(program.functions()[id.index()].n_params);
        let expected = registers.iter().take(n_params).map(|&bits| Kinds::to_expect(bits, state));
        expected.map(Kinds::as_argument).collect()
    } else {
        let alive = live_at(program, pc)?;
        let known = registers.iter().zip(0u8..);
        known
            .map(|(&bits, reg)| match alive.contains(reg) {
                true => Kinds::to_expect(bits, state),
                false => Kinds::to_expect_dead(bits, state),
            })
            .collect()
    };
    let global = |index| state.global(index);
    let constant = |index| state.constant(index);
    // Plans are made again and again until the kinds are known.
    let fields = RefCell::new(FxHashMap::default());
    let field = |at| *fields.borrow_mut().entry(at).or_insert_with(|| state.field(at));
    bodies(program, pc, args, &Values { global: &global, constant: &constant, field: &field })
}
