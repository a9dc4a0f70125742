//! Modules as text, for people, for golden tests, and for [`assemble`](crate::assemble).
//!
//! ```text
//! module "demo"
//! global "total"
//!
//! fn 0 "main" ( ) regs 3 captures 0
//!     load_int r0, 5
//! L1:
//!     for_less r0, r1, 1, L1
//!     get_field r0, r1, "name"
//!     call_native r2, r0, 1, Math.floor
//!     return r0
//! ```
//!
//! Works on modules that do not verify: an id without an entry prints as a number.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::{
    Constant, Extra, Function, HandlerRange, Inst, KeysId, Kind, MemberMode, Module, NATIVES,
    Operand, StrId,
};

/// The text of a module.
pub fn disassemble(module: &Module) -> String {
    let mut out = String::new();
    tables(module, &mut out).expect("a string takes every write");
    for (index, function) in module.functions.iter().enumerate() {
        self::function(module, index, function, &mut out).expect("a string takes every write");
    }
    out
}

fn tables(module: &Module, out: &mut String) -> std::fmt::Result {
    writeln!(out, "module {:?}", module.name)?;
    if module.entry.0 != 0 {
        writeln!(out, "entry {}", module.entry.0)?;
    }
    for global in &module.globals {
        writeln!(out, "global {}", text(module, global.name))?;
    }
    for input in &module.inputs {
        writeln!(out, "input {}, g{}", text(module, input.name), input.global.0)?;
    }
    for method in &module.methods {
        let kind = method.kind.name();
        writeln!(out, "method {kind}, {}, @{}", text(module, method.name), method.function.0)?;
    }
    for site in &module.sites {
        writeln!(out, "site {}, {}", text(module, site.effect), text(module, site.name))?;
    }
    for handler in &module.handlers {
        write!(out, "handler")?;
        for clause in &handler.clauses {
            let how = if clause.resumes_last { "last" } else { "any" };
            write!(out, " {} {how}", text(module, clause.effect))?;
        }
        writeln!(out, "{}", if handler.has_return { " return" } else { "" })?;
    }
    for test in &module.tests {
        writeln!(out, "test {}, @{}", text(module, test.name), test.function.0)?;
    }
    for (kind, name) in &module.requires {
        writeln!(out, "requires {}, {}", text(module, *kind), text(module, *name))?;
    }
    for (key, value) in &module.header {
        writeln!(out, "header {}, {}", text(module, *key), text(module, *value))?;
    }
    Ok(())
}

fn function(
    module: &Module,
    index: usize,
    function: &Function,
    out: &mut String,
) -> std::fmt::Result {
    write!(out, "\nfn {index} {} (", text(module, function.name))?;
    for (at, param) in function.params.iter().enumerate() {
        let is_rest = function.has_rest && at + 1 == function.params.len();
        let mark = if is_rest { "..." } else { "" };
        let optional = if param.is_optional { "?" } else { "" };
        write!(out, " {mark}{}{optional}", text(module, param.name))?;
    }
    writeln!(out, " ) regs {} captures {}", function.n_regs, function.n_captures)?;
    let labels = labels(function);
    let mut calls = function.calls.iter().peekable();
    for (pc, inst) in function.code.iter().enumerate() {
        while let Some(called) = calls.next_if(|called| called.pc as usize <= pc) {
            writeln!(out, "    called {}", text(module, called.name))?;
        }
        if labels.contains(&(pc as i64)) {
            writeln!(out, "L{pc}:")?;
        }
        if pc == 0 || function.code[pc - 1].op().extra().is_none() {
            instruction(module, &function.code, pc, *inst, out)?;
        }
    }
    let end = function.code.len();
    if labels.contains(&(end as i64)) {
        writeln!(out, "L{end}:")?;
    }
    for HandlerRange { start, end, target, reg, is_finally } in &function.catches {
        let word = if *is_finally { "finally" } else { "catch" };
        writeln!(out, "    {word} L{start}, L{end}, L{target}, r{}", reg.0)?;
    }
    Ok(())
}

/// Every word that something refers to.
fn labels(function: &Function) -> BTreeSet<i64> {
    let mut labels = BTreeSet::new();
    for (pc, inst) in function.code.iter().enumerate() {
        for operand in inst.operands() {
            match (inst, operand) {
                (_, Operand::Jump16(distance)) => {
                    labels.insert(pc as i64 + 1 + i64::from(distance))
                }
                (Inst::Jump(word), _) => labels.insert(pc as i64 + 1 + i64::from(word.distance())),
                _ => false,
            };
        }
    }
    for range in &function.catches {
        labels.extend([range.start, range.end, range.target].map(i64::from));
    }
    labels
}

fn instruction(
    module: &Module,
    code: &[Inst],
    pc: usize,
    inst: Inst,
    out: &mut String,
) -> std::fmt::Result {
    write!(out, "    {}", inst.op().name())?;
    let mut separator = " ";
    for operand in inst.operands() {
        write!(out, "{separator}")?;
        self::operand(module, pc, inst, operand, out)?;
        separator = ", ";
    }
    if let Some(extra) = inst.op().extra() {
        match code.get(pc + 1) {
            Some(Inst::Jump(word)) => {
                write!(out, "{separator}L{}", pc as i64 + 2 + i64::from(word.distance()))?;
            }
            Some(Inst::Arg(word)) => {
                write!(out, "{separator}{}", self::extra(module, extra, word.value()))?;
            }
            _ => write!(out, "{separator}?")?,
        }
    }
    writeln!(out)
}

fn operand(
    module: &Module,
    pc: usize,
    inst: Inst,
    operand: Operand,
    out: &mut String,
) -> std::fmt::Result {
    match operand {
        Operand::Dst(reg)
        | Operand::Src(reg)
        | Operand::Upd(reg)
        | Operand::Take(reg)
        | Operand::Win(reg)
        | Operand::Win1(reg)
        | Operand::Pair(reg) => write!(out, "r{}", reg.0),
        Operand::Count(count) => write!(out, "{count}"),
        Operand::Imm8(number) => write!(out, "{number}"),
        Operand::Imm16(number) => write!(out, "{number}"),
        Operand::Jump16(distance) => write!(out, "L{}", pc as i64 + 1 + i64::from(distance)),
        Operand::Const16(id) => write!(out, "{}", extra(module, Extra::Const, u32::from(id))),
        Operand::Global16(id) => write!(out, "g{id}"),
        Operand::Native16(id) => write!(out, "{}", extra(module, Extra::Native, u32::from(id))),
        Operand::Capture(index) => write!(out, "c{index}"),
        Operand::Kind(number) => match Kind::from_u8(number) {
            Some(kind) => write!(out, "{}", kind.name()),
            None => write!(out, "{number}"),
        },
        Operand::Mode(number) => match MemberMode::from_u8(number) {
            Some(mode) => write!(out, "{}", mode.name()),
            None => write!(out, "{number}"),
        },
        Operand::Word(word) => match inst {
            Inst::Jump(_) => write!(out, "L{}", pc as i64 + 1 + i64::from(word.distance())),
            _ => write!(out, "{}", word.value()),
        },
    }
}

fn extra(module: &Module, extra: Extra, id: u32) -> String {
    match extra {
        Extra::Text => text(module, StrId(id)),
        Extra::Const => match module.constants.get(id as usize) {
            Some(Constant::Number(number)) => format!("{number:?}"),
            Some(Constant::Text(id)) => text(module, *id),
            None => format!("?{id}"),
        },
        Extra::Native => match NATIVES.get(id as usize) {
            Some(native) => native.name.to_owned(),
            None => format!("?{id}"),
        },
        Extra::Keys => keys(module, KeysId(id)),
        Extra::Function => format!("@{id}"),
        Extra::Global => format!("g{id}"),
        Extra::Site => format!("s{id}"),
        Extra::Handler => format!("h{id}"),
        Extra::Jump => format!("?{id}"),
    }
}

fn keys(module: &Module, id: KeysId) -> String {
    match module.keys.get(id.index()) {
        Some(keys) => {
            let names: Vec<String> = keys.iter().map(|key| text(module, *key)).collect();
            format!("[{}]", names.join(" "))
        }
        None => format!("?{}", id.0),
    }
}

fn text(module: &Module, id: StrId) -> String {
    match module.strings.get(id.index()) {
        Some(text) => format!("{text:?}"),
        None => format!("?{}", id.0),
    }
}
