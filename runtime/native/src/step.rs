//! Instructions with the word that follows them and the places they lead to.

use prism_bytecode::{FunctionId, Inst, NATIVES, Operand, Reg, Verified};

/// An instruction at its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) pc: u32,
    pub(crate) inst: Inst,
    /// The id in the word that follows, 0 without one.
    pub(crate) word: u32,
    /// The instruction after it.
    pub(crate) next: u32,
    /// Where it jumps, if it does.
    pub(crate) target: Option<u32>,
}

/// A set of registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Regs([u64; 4]);

impl Regs {
    pub(crate) const ALL: Regs = Regs([u64::MAX; 4]);

    pub(crate) fn one(reg: u8) -> Regs {
        let mut regs = Regs::default();
        regs.insert(reg);
        regs
    }

    pub(crate) fn insert(&mut self, reg: u8) {
        self.0[usize::from(reg >> 6)] |= 1 << (reg & 63);
    }

    pub(crate) fn contains(self, reg: u8) -> bool {
        self.0[usize::from(reg >> 6)] & (1 << (reg & 63)) != 0
    }

    pub(crate) fn filter(self, is_in: impl Fn(u8) -> bool) -> Regs {
        let mut regs = Regs::default();
        for (word, first) in self.0.into_iter().zip((0u8..).step_by(64)) {
            let mut rest = word;
            while rest != 0 {
                let reg = first + rest.trailing_zeros() as u8;
                if is_in(reg) {
                    regs.insert(reg);
                }
                rest &= rest - 1;
            }
        }
        regs
    }

    pub(crate) fn union(self, other: Regs) -> Regs {
        Regs(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    pub(crate) fn without(self, other: Regs) -> Regs {
        Regs(std::array::from_fn(|at| self.0[at] & !other.0[at]))
    }
}

/// The function of an instruction, and where its code begins and ends.
pub(crate) fn function_at(program: &Verified, pc: u32) -> (FunctionId, u32, u32) {
    let id = program.function_at(pc);
    let start = program.functions()[id.index()].start;
    let length = program.module().functions[id.index()].code.len() as u32;
    (id, start, start + length)
}

impl Step {
    /// The instruction at a place where one begins.
    pub(crate) fn at(program: &Verified, pc: u32) -> Step {
        let code = program.code();
        let inst = code[pc as usize];
        let follows = inst.op().extra().map(|_| code[pc as usize + 1]);
        let next = pc + 1 + u32::from(follows.is_some());
        let (mut word, mut target) = (0, None);
        match follows {
            Some(Inst::Jump(distance)) => target = jump(next, distance.distance()),
            Some(Inst::Arg(id)) => word = id.value(),
            _ => {}
        }
        for operand in inst.operands() {
            match operand {
                Operand::Jump16(distance) => target = jump(next, i32::from(distance)),
                Operand::Word(distance) if matches!(inst, Inst::Jump(_)) => {
                    target = jump(next, distance.distance());
                }
                _ => {}
            }
        }
        Step { pc, inst, word, next, target }
    }

    /// Whether the code never goes on behind it.
    pub(crate) fn ends(&self) -> bool {
        matches!(
            self.inst,
            Inst::Jump(_)
                | Inst::Return(_)
                | Inst::ReturnNull()
                | Inst::Throw(_)
                | Inst::Rethrow(_)
                | Inst::UnknownName()
        )
    }

    /// Registers that it reads, and registers that hold something else afterwards.
    pub(crate) fn registers(&self) -> (Regs, Regs) {
        let (mut read, mut written) = (Regs::default(), Regs::default());
        let operands = self.inst.operands();
        for (at, operand) in operands.iter().enumerate() {
            match *operand {
                Operand::Dst(Reg(reg)) => written.insert(reg),
                Operand::Src(Reg(reg)) => read.insert(reg),
                Operand::Upd(Reg(reg)) | Operand::Take(Reg(reg)) => {
                    read.insert(reg);
                    written.insert(reg);
                }
                Operand::Pair(Reg(reg)) => {
                    read.insert(reg);
                    read.insert(reg + 1);
                    written.insert(reg + 1);
                }
                Operand::Win(Reg(first)) | Operand::Win1(Reg(first)) => {
                    let more = u8::from(matches!(operand, Operand::Win1(_)));
                    let count = match operands.get(at + 1) {
                        Some(Operand::Count(count)) => count + more,
                        // The keys of a new object: as many as there can be.
                        _ => u8::MAX - first,
                    };
                    for reg in first..first + count {
                        read.insert(reg);
                        written.insert(reg);
                    }
                }
                _ => {}
            }
        }
        (read, written)
    }

    /// Registers of interest before it: of those that it reads, and of those after it, where it
    /// does not jump and where it does.
    pub(crate) fn before(&self, read: Regs, next: Regs, taken: Regs) -> Regs {
        let (_, mut written) = self.registers();
        let mut after = next.union(taken);
        // What goes through a loop writes its element only if there is one.
        if let Inst::ForEach(Reg(element), _) = self.inst {
            let element = Regs::one(element);
            written = written.without(element);
            after = next.union(taken.without(element));
        }
        after.without(written).union(read)
    }

    /// What a call of a function of the machine computes, if code can do so.
    pub(crate) fn math(&self) -> Option<Math> {
        let Inst::CallNative(_, _, 1) = self.inst else { return None };
        match NATIVES[self.word as usize].name {
            "Math.abs" => Some(Math::Abs),
            "Math.ceil" => Some(Math::Ceil),
            "Math.floor" => Some(Math::Floor),
            "Math.sqrt" => Some(Math::Sqrt),
            "Math.trunc" => Some(Math::Trunc),
            _ => None,
        }
    }
}

/// Functions of one number that processors know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Math {
    Abs,
    Ceil,
    Floor,
    Sqrt,
    Trunc,
}

fn jump(from: u32, distance: i32) -> Option<u32> {
    from.checked_add_signed(distance)
}
