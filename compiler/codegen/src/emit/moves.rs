//! Moves several values at once, as if in one step.

use prism_bytecode::{Inst, Reg};

use super::Emit;
use crate::regs::Regs;

/// One of several moves. No two have the same goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    pub from: Reg,
    pub to: Reg,
    /// The value is not needed in `from` any more.
    pub takes: bool,
}

impl Emit<'_> {
    /// A move whose goal nobody reads any more goes first; a circle is opened with one register
    /// more.
    pub(super) fn move_all(&mut self, mut moves: Vec<Move>) {
        // What stays where it is must not be taken away by another move from there.
        let stays: Regs = moves.iter().filter(|m| m.from == m.to).map(|m| m.to).collect();
        moves.retain(|m| m.from != m.to);
        let mut n_reads = [0u8; 256];
        for m in &moves {
            n_reads[usize::from(m.from.0)] += 1;
        }
        while !moves.is_empty() {
            let ready = moves.iter().position(|m| n_reads[usize::from(m.to.0)] == 0);
            match ready {
                Some(at) => {
                    let m = moves.swap_remove(at);
                    let reads = &mut n_reads[usize::from(m.from.0)];
                    *reads -= 1;
                    let is_last = *reads == 0 && !stays.contains(m.from);
                    self.move_one(Move { takes: m.takes && is_last, ..m });
                }
                None => self.open_circle(&mut moves, &mut n_reads),
            }
        }
    }

    fn open_circle(&mut self, moves: &mut [Move], n_reads: &mut [u8; 256]) {
        let used: Regs = moves.iter().flat_map(|m| [m.from, m.to]).collect();
        let aside = self.find_free(self.occupied.union(self.temps).union(used));
        let from = moves[0].from;
        self.asm.op(Inst::Move(aside, from));
        for m in moves.iter_mut().filter(|m| m.from == from) {
            *m = Move { from: aside, takes: true, ..*m };
            n_reads[usize::from(aside.0)] += 1;
        }
        n_reads[usize::from(from.0)] = 0;
    }

    fn move_one(&mut self, m: Move) {
        let Move { from, to, takes } = m;
        self.asm.op(if takes { Inst::Move(to, from) } else { Inst::Copy(to, from) });
    }
}
