//! Emits one function: walks its regions in order, gives every value a register when it is made,
//! and writes instructions.
//!
//! In: a verified function, its [`Analysis`] and its [`Deaths`]. Out: a list of items for
//! [`Asm`](crate::asm::Asm). What is true in between: `occupied` are the registers of the values
//! that are alive at this place; every value that is alive has a register; nobody else may write
//! to it. Because each value is made before what it dominates, a register that is free when a
//! value is made stays its own until it dies.

mod append;
mod branch;
mod call;
mod calls;
mod confidence;
mod data;
mod guard;
mod loops;
mod moves;
mod op;
mod operand;
mod pattern;
mod region;
mod share;
mod window;

use la_arena::ArenaMap;
use prism_bytecode::{Reg, Word};
use prism_ir::function::{Function, OpId, Source, Value};

use crate::analyse::{Again, Analysis, Way};
use crate::asm::{Asm, Label};
use crate::classes::Classes;
use crate::error::EmitError;
use crate::live::Deaths;
use crate::module::{Role, Tables};
use crate::regs::{LIMIT, Regs};

/// What emitting a function gives.
pub(crate) struct Emitted {
    pub asm: Asm,
    pub n_regs: u8,
}

pub(crate) struct Emit<'a> {
    tables: &'a mut Tables,
    function: &'a Function,
    analysis: &'a Analysis,
    deaths: &'a Deaths,
    /// How the machine calls the function.
    role: Role,
    classes: Classes,
    asm: Asm,
    regs: ArenaMap<Value, Reg>,
    /// Registers of values that are alive here.
    occupied: Regs,
    /// Free registers that will be wanted: others take them only when nothing else is left.
    reserved: Regs,
    /// Registers that the operation at hand uses for itself.
    temps: Regs,
    n_regs: u16,
    /// A register that an operand of the operation at hand has just left.
    left_free: Option<Reg>,
    /// What the loops around keep in registers.
    hoisted: Vec<(Again, Reg)>,
    loops: ArenaMap<OpId, LoopExits>,
    finallys: Vec<Finally>,
    /// Values that are made for one place of a window.
    planned: ArenaMap<Value, (OpId, u8)>,
    /// Where windows will begin, once their first value is made.
    windows: ArenaMap<OpId, Reg>,
    source: Source,
    /// The first thing that went wrong; the code after it is thrown away.
    error: Option<EmitError>,
}

/// Where the exits of a loop lead. A register is `None` when nobody reads the value.
struct LoopExits {
    again: Label,
    end: Label,
    params: Vec<Option<Reg>>,
    results: Vec<Option<Reg>>,
    /// How many `finally` are around the loop.
    n_finallys: usize,
}

/// A `finally` around the code being emitted.
struct Finally {
    label: Label,
    /// Says why the `finally` runs.
    why: Reg,
    /// What travels through it: a thrown or returned value, the values of an exit.
    slots: Vec<Reg>,
    ways: Vec<Way>,
}

pub(crate) fn emit(
    tables: &mut Tables,
    function: &Function,
    analysis: &Analysis,
    deaths: &Deaths,
    role: Role,
) -> Result<Emitted, EmitError> {
    let mut emit = Emit {
        tables,
        function,
        analysis,
        deaths,
        role,
        classes: Classes::new(function, analysis),
        asm: Asm::default(),
        regs: ArenaMap::default(),
        occupied: Regs::NONE,
        reserved: Regs::NONE,
        temps: Regs::NONE,
        n_regs: 0,
        left_free: None,
        hoisted: Vec::new(),
        loops: ArenaMap::default(),
        finallys: Vec::new(),
        planned: window::plan(function, analysis),
        windows: ArenaMap::default(),
        source: Source::default(),
        error: None,
    };
    emit.params();
    emit.region(function.body, &region::To::Nowhere);
    match emit.error {
        Some(error) => Err(error),
        None => Ok(Emitted { asm: emit.asm, n_regs: emit.n_regs as u8 }),
    }
}

impl Emit<'_> {
    /// Parameters arrive in the first registers. The `resume` of a clause, which is the first
    /// parameter here, is the last one for the machine.
    fn params(&mut self) {
        let body = self.function.body;
        let n_params = self.function.params.len();
        for index in 0..n_params {
            let value = self.function.regions[body].params[index];
            let at = match self.role {
                Role::Function => Some(index),
                Role::Clause => Some((index + n_params - 1) % n_params),
                Role::LastClause => index.checked_sub(1),
            };
            if let Some(at) = at {
                let reg = Reg(at as u8);
                self.settle(value, reg, false);
                self.use_up_to(reg.0.into());
            }
        }
        self.free_all(self.deaths.at_entry(body));
    }

    /// The value lives in the register from here on.
    fn settle(&mut self, value: Value, reg: Reg, is_passed: bool) {
        self.regs.insert(value, reg);
        self.occupied.insert(reg);
        self.classes.settle(value, reg, is_passed);
    }

    fn use_up_to(&mut self, reg: u16) {
        self.n_regs = self.n_regs.max(reg + 1);
    }

    /// Takes the registers of values that are dead from here on.
    fn free_all(&mut self, values: &[Value]) {
        for value in values {
            if let Some(reg) = self.regs.get(*value) {
                self.occupied.remove(*reg);
            }
        }
    }

    /// `regs` without those of dead values.
    fn without(&self, mut regs: Regs, values: &[Value]) -> Regs {
        for value in values {
            if let Some(reg) = self.regs.get(*value) {
                regs.remove(*reg);
            }
        }
        regs
    }

    /// A register outside `taken`, outside the reserved ones if possible.
    fn find_free(&mut self, taken: Regs) -> Reg {
        let free = taken.union(self.reserved).lowest_free().or_else(|| taken.lowest_free());
        match free {
            Some(reg) => {
                self.use_up_to(reg.0.into());
                reg
            }
            None => {
                self.too_many_registers();
                Reg(0)
            }
        }
    }

    fn too_many_registers(&mut self) {
        let function = self.function.name.clone();
        self.fail(EmitError::TooManyRegisters { function, source: self.source });
    }

    fn fail(&mut self, error: EmitError) {
        self.error.get_or_insert(error);
    }

    /// A register that the operation at hand uses for itself.
    fn temp(&mut self) -> Reg {
        let reg = self.find_free(self.occupied.union(self.temps));
        self.temps.insert(reg);
        reg
    }

    /// The register of a result that may be one that an operand leaves: for single instructions,
    /// which read before they write. All values that die at the operation are free after this.
    fn result(&mut self, op: OpId) -> Reg {
        self.release(op);
        self.define_result(op, self.occupied)
    }

    /// The register of a result that is none of the operands': for sequences of instructions.
    fn result_apart(&mut self, op: OpId) -> Reg {
        let reg = self.define_result(op, self.occupied.union(self.temps));
        let kept = self.function.ops[op].results.first().copied();
        for value in self.deaths.at_op(op) {
            if Some(*value) != kept
                && let Some(reg) = self.regs.get(*value)
            {
                self.occupied.remove(*reg);
            }
        }
        reg
    }

    fn release(&mut self, op: OpId) {
        self.left_free = None;
        for value in self.deaths.at_op(op) {
            if let Some(&reg) = self.regs.get(*value) {
                self.occupied.remove(reg);
                self.left_free = Some(reg);
            }
        }
    }

    fn define_result(&mut self, op: OpId, taken: Regs) -> Reg {
        let Some(&value) = self.function.ops[op].results.first() else {
            return self.find_free(taken);
        };
        let is_free = |reg: &Reg| !taken.contains(*reg);
        let reserved = self.reserved;
        let reg = self
            .planned_place(value)
            .filter(is_free)
            .or_else(|| self.classes.wish(value).filter(is_free))
            .or_else(|| self.left_free.filter(is_free).filter(|reg| !reserved.contains(*reg)))
            .unwrap_or_else(|| self.find_free(taken));
        self.use_up_to(reg.0.into());
        self.settle(value, reg, false);
        reg
    }

    /// Ends an operation: results that nobody reads leave their registers.
    fn done(&mut self, op: OpId) {
        for value in &self.function.ops[op].results {
            if self.deaths.at_op(op).contains(value)
                && let Some(reg) = self.regs.get(*value)
            {
                self.occupied.remove(*reg);
            }
        }
        self.temps = Regs::NONE;
        self.left_free = None;
    }

    /// Registers for what several places pass on: none of `taken`, each another one, and none of
    /// `avoided` unless its class lives there.
    fn pass_registers(&mut self, values: &[Value], taken: Regs, avoided: Regs) -> Vec<Option<Reg>> {
        let mut taken = taken;
        let mut regs = Vec::with_capacity(values.len());
        for &value in values {
            if !self.analysis.n_uses.contains_idx(value) {
                regs.push(None);
                continue;
            }
            let is_free = |reg: &Reg| !taken.contains(*reg);
            let wish = self.planned_place(value).filter(is_free);
            let wish = wish.or_else(|| self.classes.wish(value).filter(is_free));
            let reg = match wish {
                Some(reg) => reg,
                None => self.find_free(taken.union(avoided)),
            };
            taken.insert(reg);
            self.use_up_to(reg.0.into());
            self.regs.insert(value, reg);
            self.classes.settle(value, reg, true);
            regs.push(Some(reg));
        }
        regs
    }

    fn word(&mut self, id: u32, what: &'static str) -> Word {
        match Word::id(id) {
            Some(word) => word,
            None => {
                self.fail(EmitError::TooLarge { what });
                Word::id(0).expect("zero fits a word")
            }
        }
    }
}

/// The registers of a list of places.
fn set_of(regs: &[Option<Reg>]) -> Regs {
    regs.iter().flatten().copied().collect()
}

/// Whether a frame can have so many parameters or captures.
pub(crate) fn fits_frame(count: usize) -> bool {
    count <= usize::from(LIMIT) - 50
}
