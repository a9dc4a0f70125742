//! Makes a list of items shorter without changing what it does.
//!
//! ```text
//! add_i r0, r0, 1         for_less r0, r1, 1, body
//! test:                   test:
//! jump_less r0, r1, body  jump_less r0, r1, body
//! ```

use prism_bytecode::Inst;

use super::opposite::opposite;
use super::{Item, Label};

/// `kept` are labels that more than jumps lead to.
pub(super) fn tidy(items: &mut Vec<Item>, n_labels: usize, kept: &[Label]) {
    let places = label_places(items, n_labels);
    thread_jumps(items, &places);
    // Removing a jump can make its target unreachable; three rounds find nearly all of it.
    for _ in 0..3 {
        remove_unreachable(items, n_labels, kept);
    }
    remove_jumps_to_next(items);
    flip_tests(items);
    end_loops(items);
}

/// The item after each label that is not a label or a mark.
fn label_places(items: &[Item], n_labels: usize) -> Vec<usize> {
    let mut places = vec![items.len(); n_labels];
    let mut next = items.len();
    for (at, item) in items.iter().enumerate().rev() {
        match item {
            Item::Label(label) => places[label.0 as usize] = next,
            Item::Source(_) | Item::Called(_) | Item::Begin(_) | Item::End(_) => {}
            Item::One(_) | Item::Two(..) | Item::Jump(_) | Item::Test(..) | Item::Compare(..) => {
                next = at;
            }
        }
    }
    places
}

/// A jump to a jump goes where that one goes.
fn thread_jumps(items: &mut [Item], places: &[usize]) {
    for at in 0..items.len() {
        if let Item::Jump(label) | Item::Test(_, label) | Item::Compare(_, label) = items[at] {
            let end = follow(items, places, label);
            match &mut items[at] {
                Item::Jump(label) | Item::Test(_, label) | Item::Compare(_, label) => *label = end,
                Item::One(_)
                | Item::Two(..)
                | Item::Label(_)
                | Item::Source(_)
                | Item::Called(_)
                | Item::Begin(_)
                | Item::End(_) => {}
            }
        }
    }
}

fn follow(items: &[Item], places: &[usize], mut label: Label) -> Label {
    // A loop of nothing but jumps has no end; the limit stops there.
    for _ in 0..8 {
        match items.get(places[label.0 as usize]) {
            Some(Item::Jump(next)) => label = *next,
            _ => break,
        }
    }
    label
}

/// Removes what follows an instruction that does not go on, up to a label that is named.
fn remove_unreachable(items: &mut Vec<Item>, n_labels: usize, kept: &[Label]) {
    let mut named = vec![false; n_labels];
    for label in kept {
        named[label.0 as usize] = true;
    }
    for item in items.iter() {
        if let Item::Jump(label) | Item::Test(_, label) | Item::Compare(_, label) = item {
            named[label.0 as usize] = true;
        }
    }
    let mut is_reachable = true;
    items.retain(|item| match item {
        Item::Begin(_) | Item::End(_) | Item::Source(_) => true,
        Item::Label(label) => {
            is_reachable |= named[label.0 as usize];
            true
        }
        Item::Jump(_) => std::mem::replace(&mut is_reachable, false),
        Item::One(inst) | Item::Two(inst, _) => {
            let keep = is_reachable;
            is_reachable &= !ends(*inst);
            keep
        }
        Item::Test(..) | Item::Compare(..) | Item::Called(_) => is_reachable,
    });
}

/// Whether the instruction never goes on to the next one.
pub(super) fn ends(inst: Inst) -> bool {
    matches!(
        inst,
        Inst::Return(_)
            | Inst::ReturnNull()
            | Inst::Throw(_)
            | Inst::Rethrow(_)
            | Inst::UnknownName()
            | Inst::Jump(_)
    )
}

/// A test over a jump is the opposite test.
///
/// ```text
/// jump_null r0, next
/// jump other              jump_not_null r0, other
/// next:                   next:
/// ```
fn flip_tests(items: &mut Vec<Item>) {
    let mut keep = vec![true; items.len()];
    for at in 1..items.len() {
        let (Item::Test(_, over) | Item::Compare(_, over), Item::Jump(other)) =
            (items[at - 1], items[at])
        else {
            continue;
        };
        let is_over = items[at + 1..]
            .iter()
            .take_while(|item| matches!(item, Item::Label(_) | Item::Source(_)))
            .any(|item| *item == Item::Label(over));
        if !is_over {
            continue;
        }
        let flipped = match items[at - 1] {
            Item::Test(inst, _) => opposite(inst).map(|inst| Item::Test(inst, other)),
            Item::Compare(inst, _) => opposite(inst).map(|inst| Item::Compare(inst, other)),
            Item::One(_)
            | Item::Two(..)
            | Item::Label(_)
            | Item::Jump(_)
            | Item::Source(_)
            | Item::Called(_)
            | Item::Begin(_)
            | Item::End(_) => None,
        };
        if let Some(flipped) = flipped {
            items[at - 1] = flipped;
            keep[at] = false;
        }
    }
    let mut keep = keep.into_iter();
    items.retain(|_| keep.next().expect("there is one mark per item"));
}

/// From the end: what is removed there lets an earlier jump reach its target.
fn remove_jumps_to_next(items: &mut Vec<Item>) {
    let mut keep = vec![true; items.len()];
    for (at, item) in items.iter().enumerate().rev() {
        let Item::Jump(target) = item else { continue };
        let after = items[at + 1..].iter().zip(&keep[at + 1..]);
        let is_next = after
            .filter(|(_, keep)| **keep)
            .map(|(item, _)| item)
            .take_while(|item| {
                matches!(item, Item::Label(_) | Item::Source(_) | Item::Begin(_) | Item::End(_))
            })
            .any(|item| *item == Item::Label(*target));
        keep[at] = !is_next;
    }
    let mut keep = keep.into_iter();
    items.retain(|_| keep.next().expect("there is one mark per item"));
}

/// The end of a counting loop: step and test become one instruction. The test below stays, for
/// the first turn and for whoever jumps to it.
fn end_loops(items: &mut [Item]) {
    for at in 0..items.len() {
        let Item::One(Inst::AddI(to, from, step)) = items[at] else { continue };
        if to != from {
            continue;
        }
        let mut rest = items[at + 1..].iter();
        let test = rest.find(|item| !matches!(item, Item::Label(_) | Item::Source(_)));
        if let Some(Item::Compare(inst, body)) = test {
            let fused = match *inst {
                Inst::JumpLess(left, right) if left == to && right != to => {
                    Inst::ForLess(to, right, step)
                }
                Inst::JumpLessEq(left, right) if left == to && right != to => {
                    Inst::ForLessEq(to, right, step)
                }
                _ => continue,
            };
            items[at] = Item::Compare(fused, *body);
        }
    }
}
