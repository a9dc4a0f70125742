//! Gives every item its position and every jump its distance.

use prism_bytecode::{Called, Function, HandlerRange, Inst, Place, Word};
use prism_ir::function::Source;

use super::opposite::opposite;
use super::{Asm, Item, tidy};

/// The code of a function is too long for its jumps.
#[derive(Debug)]
pub(crate) struct TooFar;

/// Below this many words every distance fits 16 bits.
const NEAR: usize = 30_000;

pub(super) fn layout(
    asm: Asm,
    function: &mut Function,
    place: &mut dyn FnMut(u32, Source) -> Option<Place>,
) -> Result<(), TooFar> {
    let is_far = asm.items.iter().map(|item| width(item, false)).sum::<usize>() > NEAR;
    let mut labels = vec![0u32; asm.n_labels as usize];
    let mut guards = vec![(0u32, 0u32); asm.guards.len()];
    let mut pc = 0;
    for item in &asm.items {
        match item {
            Item::Label(label) => labels[label.0 as usize] = pc,
            Item::Begin(guard) => guards[guard.0 as usize].0 = pc,
            Item::End(guard) => guards[guard.0 as usize].1 = pc,
            _ => pc += width(item, is_far) as u32,
        }
    }
    let mut code = Vec::with_capacity(pc as usize + 1);
    for item in &asm.items {
        write(item, is_far, &labels, &mut code)?;
        if let Item::Source(source) = item
            && let Some(place) = place(code.len() as u32, *source)
        {
            mark(&mut function.places, place);
        }
        if let Item::Called(name) = item {
            function.calls.push(Called { pc: code.len() as u32, name: *name });
        }
    }
    // A label at the very end may be the target of jumps that are never taken.
    let is_open = !code.last().is_some_and(|inst| tidy::ends(*inst));
    let end = code.len() as u32;
    let leads_to_end = |item: &Item| match item {
        Item::Jump(label) | Item::Test(_, label) | Item::Compare(_, label) => {
            labels[label.0 as usize] == end
        }
        Item::One(_)
        | Item::Two(..)
        | Item::Label(_)
        | Item::Source(_)
        | Item::Called(_)
        | Item::Begin(_)
        | Item::End(_) => false,
    };
    let catches_at_end = asm.guards.iter().any(|target| labels[target.label.0 as usize] == end);
    if is_open || catches_at_end || asm.items.iter().any(leads_to_end) {
        code.push(Inst::ReturnNull());
    }
    function.code = code;
    function.catches = asm
        .ended
        .iter()
        .map(|guard| (guards[guard.0 as usize], asm.guards[guard.0 as usize]))
        .filter(|((start, end), _)| start < end)
        .map(|((start, end), target)| HandlerRange {
            start,
            end,
            target: labels[target.label.0 as usize],
            reg: target.reg,
            is_finally: target.is_finally,
        })
        .collect();
    Ok(())
}

/// Words that an item takes.
fn width(item: &Item, is_far: bool) -> usize {
    match item {
        Item::Label(_) | Item::Source(_) | Item::Called(_) | Item::Begin(_) | Item::End(_) => 0,
        Item::One(_) | Item::Jump(_) => 1,
        Item::Test(Inst::JumpGiven(..), _) if is_far => 3,
        Item::Test(..) => 1 + usize::from(is_far),
        Item::Two(..) | Item::Compare(..) => 2,
    }
}

fn write(item: &Item, is_far: bool, labels: &[u32], code: &mut Vec<Inst>) -> Result<(), TooFar> {
    // The distance counts from the word after the one that holds it.
    let distance = |code: &[Inst], label: &super::Label, ahead: usize| {
        labels[label.0 as usize] as i32 - (code.len() + ahead) as i32
    };
    match item {
        Item::Label(_) | Item::Source(_) | Item::Called(_) | Item::Begin(_) | Item::End(_) => {}
        Item::One(inst) => code.push(*inst),
        Item::Two(inst, word) => code.extend([*inst, Inst::Arg(*word)]),
        Item::Jump(label) => code.push(jump(distance(code, label, 1))?),
        Item::Compare(inst, label) => {
            let jump = jump(distance(code, label, 2))?;
            code.extend([*inst, jump]);
        }
        Item::Test(inst, label) if is_far => match opposite(*inst) {
            Some(opposite) => {
                let far = jump(distance(code, label, 2))?;
                code.extend([aim(opposite, 1), far]);
            }
            None => {
                let far = jump(distance(code, label, 3))?;
                code.extend([aim(*inst, 1), jump(1)?, far]);
            }
        },
        Item::Test(inst, label) => {
            let near = i16::try_from(distance(code, label, 1)).map_err(|_| TooFar)?;
            code.push(aim(*inst, near));
        }
    }
    Ok(())
}

fn jump(distance: i32) -> Result<Inst, TooFar> {
    Word::jump(distance).map(Inst::Jump).ok_or(TooFar)
}

/// The place of the code from here on; the last of several at one position counts.
fn mark(places: &mut Vec<Place>, place: Place) {
    match places.last_mut() {
        Some(last) if last.pc == place.pc => *last = place,
        Some(last) if Place { pc: place.pc, ..*last } == place => {}
        Some(_) | None => places.push(place),
    }
}

/// The same test with a distance.
fn aim(inst: Inst, distance: i16) -> Inst {
    match inst {
        Inst::JumpIf(reg, _) => Inst::JumpIf(reg, distance),
        Inst::JumpUnless(reg, _) => Inst::JumpUnless(reg, distance),
        Inst::JumpNull(reg, _) => Inst::JumpNull(reg, distance),
        Inst::JumpNotNull(reg, _) => Inst::JumpNotNull(reg, distance),
        Inst::JumpGiven(reg, _) => Inst::JumpGiven(reg, distance),
        other => unreachable!("{other:?} has no short distance"),
    }
}
