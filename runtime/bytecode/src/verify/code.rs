//! Rules 3 to 8: the code of one function.

use super::{MAX_REGS, positional};
use crate::{
    Extra, Function, FunctionId, HandlerId, Inst, KeysId, Kind, MemberMode, Module, NATIVES,
    Operand, Reg,
};

/// Where, and what.
type Fault = (Option<u32>, String);

pub(super) fn function(module: &Module, function: &Function) -> Result<(), Fault> {
    head(module, function).map_err(|what| (None, what))?;
    let starts = starts(&function.code)?;
    let check = Check { module, function, starts: &starts };
    for (pc, inst) in function.code.iter().enumerate() {
        if starts[pc] {
            check.instruction(pc, *inst).map_err(|what| (Some(pc as u32), what))?;
        }
    }
    check.end()?;
    check.side_tables().map_err(|what| (None, what))
}

fn head(module: &Module, function: &Function) -> Result<(), String> {
    below(function.name.index(), module.strings.len(), "text")?;
    for param in &function.params {
        below(param.name.index(), module.strings.len(), "text")?;
    }
    if function.n_regs > MAX_REGS {
        return Err(format!("{} registers are more than {MAX_REGS}", function.n_regs));
    }
    if function.params.len() > usize::from(function.n_regs) {
        return Err("the parameters do not fit the registers".to_owned());
    }
    if function.has_rest && function.params.is_empty() {
        return Err("a rest parameter is missing".to_owned());
    }
    debug_assert!(positional(function) <= function.params.len());
    Ok(())
}

/// Which words begin an instruction. Checks rule 5 as far as presence and kind go.
fn starts(code: &[Inst]) -> Result<Vec<bool>, Fault> {
    let mut starts = vec![false; code.len()];
    let mut pc = 0;
    while pc < code.len() {
        starts[pc] = true;
        let Some(extra) = code[pc].op().extra() else {
            pc += 1;
            continue;
        };
        let fits = match code.get(pc + 1) {
            Some(Inst::Jump(_)) => extra == Extra::Jump,
            Some(Inst::Arg(_)) => extra != Extra::Jump,
            _ => false,
        };
        if !fits {
            return Err((Some(pc as u32), format!("the word after it is not {extra:?}")));
        }
        // A jump word is executed when the test is inlined, so it counts as no start either.
        pc += 2;
    }
    Ok(starts)
}

struct Check<'a> {
    module: &'a Module,
    function: &'a Function,
    starts: &'a [bool],
}

impl Check<'_> {
    fn instruction(&self, pc: usize, inst: Inst) -> Result<(), String> {
        let operands = inst.operands();
        for (index, operand) in operands.iter().enumerate() {
            self.operand(pc, inst, *operand, operands.get(index + 1))?;
        }
        match inst.op().extra() {
            Some(Extra::Jump) => self.jump_word(pc + 1)?,
            Some(extra) => self.extra(pc, inst, extra)?,
            None => {}
        }
        match inst {
            Inst::Arg(_) => Err("a word that belongs to no instruction".to_owned()),
            _ => Ok(()),
        }
    }

    fn operand(
        &self,
        pc: usize,
        inst: Inst,
        operand: Operand,
        next: Option<&Operand>,
    ) -> Result<(), String> {
        let module = self.module;
        match operand {
            Operand::Dst(reg) | Operand::Src(reg) | Operand::Upd(reg) | Operand::Take(reg) => {
                self.registers(reg, 1)
            }
            Operand::Pair(reg) => self.registers(reg, 2),
            Operand::Win(reg) => match next {
                Some(Operand::Count(count)) => self.registers(reg, usize::from(*count)),
                // `NewObject`: the list of keys says how many; see `extra`.
                _ => Ok(()),
            },
            Operand::Win1(reg) => match next {
                Some(Operand::Count(count)) => self.registers(reg, usize::from(*count) + 1),
                _ => Err("a window without a count".to_owned()),
            },
            Operand::Jump16(distance) => self.target(pc + 1, i64::from(distance)),
            Operand::Const16(id) => below(usize::from(id), module.constants.len(), "constant"),
            Operand::Global16(id) => below(usize::from(id), module.globals.len(), "global"),
            Operand::Native16(id) => below(usize::from(id), NATIVES.len(), "native function"),
            Operand::Capture(index) => {
                below(usize::from(index), usize::from(self.function.n_captures), "capture")
            }
            Operand::Kind(number) => below(usize::from(number), Kind::ALL.len(), "kind"),
            Operand::Mode(number) => below(usize::from(number), MemberMode::ALL.len(), "mode"),
            Operand::Word(word) => match inst {
                Inst::Jump(_) => self.target(pc + 1, i64::from(word.distance())),
                _ => Ok(()),
            },
            Operand::Count(_) | Operand::Imm8(_) | Operand::Imm16(_) => Ok(()),
        }
    }

    /// A fused test needs an instruction to go on with when it fails, and one when it holds.
    fn jump_word(&self, at: usize) -> Result<(), String> {
        let Some(Inst::Jump(word)) = self.function.code.get(at) else {
            return Err("the jump after it is missing".to_owned());
        };
        self.target(at + 1, i64::from(word.distance()))?;
        self.target(at + 1, 0)
    }

    fn extra(&self, pc: usize, inst: Inst, extra: Extra) -> Result<(), String> {
        let Some(Inst::Arg(word)) = self.function.code.get(pc + 1) else {
            return Err("the word after it is missing".to_owned());
        };
        let id = word.value();
        let index = id as usize;
        let module = self.module;
        match extra {
            Extra::Text => below(index, module.strings.len(), "text"),
            Extra::Const => below(index, module.constants.len(), "constant"),
            Extra::Global => below(index, module.globals.len(), "global"),
            Extra::Native => below(index, NATIVES.len(), "native function"),
            Extra::Site => below(index, module.sites.len(), "site"),
            Extra::Function => {
                below(index, module.functions.len(), "function")?;
                self.callee(inst, FunctionId(id))
            }
            Extra::Keys => {
                below(index, module.keys.len(), "list of keys")?;
                self.keys(inst, KeysId(id))
            }
            Extra::Handler => {
                below(index, module.handlers.len(), "handler")?;
                self.handler(inst, HandlerId(id))
            }
            Extra::Jump => Ok(()),
        }
    }

    fn callee(&self, inst: Inst, id: FunctionId) -> Result<(), String> {
        let wanted = self.module.functions[id.index()].n_captures;
        let brought = match inst {
            Inst::Closure(_, _, count) => count,
            _ => 0,
        };
        if brought == wanted {
            Ok(())
        } else {
            Err(format!("function {} wants {wanted} captures, not {brought}", id.0))
        }
    }

    fn keys(&self, inst: Inst, id: KeysId) -> Result<(), String> {
        let n_keys = self.module.keys[id.index()].len();
        match inst {
            Inst::NewObject(_, window) => self.registers(window, n_keys),
            Inst::CallNamed(_, _, count) if n_keys > usize::from(count) => {
                Err("more names than arguments".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn handler(&self, inst: Inst, id: HandlerId) -> Result<(), String> {
        let handler = &self.module.handlers[id.index()];
        let wanted = handler.clauses.len() + usize::from(handler.has_return);
        match inst {
            Inst::Handle(_, _, count) if usize::from(count) != wanted => {
                Err(format!("the handler has {wanted} clauses, not {count}"))
            }
            _ => Ok(()),
        }
    }

    fn registers(&self, first: Reg, count: usize) -> Result<(), String> {
        let end = usize::from(first.0) + count;
        if end <= usize::from(self.function.n_regs) {
            Ok(())
        } else {
            Err(format!("register {} is outside the frame", end.saturating_sub(1)))
        }
    }

    fn target(&self, from: usize, distance: i64) -> Result<(), String> {
        let target = from as i64 + distance;
        let is_start = usize::try_from(target).ok().and_then(|at| self.starts.get(at)).copied();
        if is_start == Some(true) {
            Ok(())
        } else {
            Err(format!("word {target} is not an instruction of the function"))
        }
    }

    /// Rule 6: the last instruction does not go on.
    fn end(&self) -> Result<(), Fault> {
        let last = self.starts.iter().rposition(|&start| start);
        let ends = last.map(|pc| self.function.code[pc]).is_some_and(|inst| {
            matches!(
                inst,
                Inst::Return(_)
                    | Inst::ReturnNull()
                    | Inst::Throw(_)
                    | Inst::Rethrow(_)
                    | Inst::UnknownName()
                    | Inst::Jump(_)
            )
        });
        if ends {
            Ok(())
        } else {
            Err((last.map(|pc| pc as u32), "the function has no end".to_owned()))
        }
    }

    fn side_tables(&self) -> Result<(), String> {
        for range in &self.function.catches {
            if range.start >= range.end || range.end as usize > self.function.code.len() {
                return Err("a catch covers words outside the function".to_owned());
            }
            self.target(range.target as usize, 0)?;
            self.registers(range.reg, 1)?;
        }
        let places = &self.function.places;
        for place in places {
            below(place.file.index(), self.module.files.len(), "file")?;
        }
        if !places.is_sorted_by(|a, b| a.pc < b.pc) {
            return Err("places do not rise".to_owned());
        }
        let calls = &self.function.calls;
        for called in calls {
            below(called.name.index(), self.module.strings.len(), "text")?;
            self.target(called.pc as usize, 0)?;
        }
        if calls.is_sorted_by(|a, b| a.pc < b.pc) {
            Ok(())
        } else {
            Err("names of calls do not rise".to_owned())
        }
    }
}

fn below(index: usize, len: usize, what: &str) -> Result<(), String> {
    if index < len { Ok(()) } else { Err(format!("there is no {what} {index}")) }
}
