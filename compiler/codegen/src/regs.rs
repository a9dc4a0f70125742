//! Sets of registers.

use prism_bytecode::Reg;

/// Registers that code may use; the machine has a few more.
pub(crate) const LIMIT: u16 = 250;

/// A set of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Regs([u64; 4]);

impl Regs {
    pub const NONE: Regs = Regs([0; 4]);

    pub fn insert(&mut self, reg: Reg) {
        self.0[usize::from(reg.0 >> 6)] |= 1 << (reg.0 & 63);
    }

    pub fn remove(&mut self, reg: Reg) {
        self.0[usize::from(reg.0 >> 6)] &= !(1 << (reg.0 & 63));
    }

    pub fn contains(self, reg: Reg) -> bool {
        self.0[usize::from(reg.0 >> 6)] & (1 << (reg.0 & 63)) != 0
    }

    pub fn union(self, other: Regs) -> Regs {
        Regs(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// The lowest register outside the set.
    pub fn lowest_free(self) -> Option<Reg> {
        let word = self.0.iter().position(|word| *word != u64::MAX)?;
        let reg = word as u32 * 64 + self.0[word].trailing_ones();
        u8::try_from(reg).ok().filter(|reg| u16::from(*reg) < LIMIT).map(Reg)
    }

    /// Whether `count` registers from `first` on are outside the set and within the limit.
    pub fn has_room(self, first: u16, count: u16) -> bool {
        first + count <= LIMIT && (first..first + count).all(|reg| !self.contains(Reg(reg as u8)))
    }

    /// The lowest place for `count` registers side by side.
    pub fn lowest_room(self, count: u16) -> Option<Reg> {
        let mut first = 0;
        let mut at = 0;
        while at < first + count {
            if at >= LIMIT {
                return None;
            }
            if self.contains(Reg(at as u8)) {
                first = at + 1;
            }
            at += 1;
        }
        u8::try_from(first).ok().map(Reg)
    }

    pub fn len(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    #[cfg(test)]
    pub fn iter(self) -> impl Iterator<Item = Reg> {
        (0..=u8::MAX).map(Reg).filter(move |reg| self.contains(*reg))
    }
}

impl FromIterator<Reg> for Regs {
    fn from_iter<T: IntoIterator<Item = Reg>>(regs: T) -> Regs {
        let mut set = Regs::NONE;
        regs.into_iter().for_each(|reg| set.insert(reg));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_find_what_is_free() {
        let set: Regs = [0, 1, 3, 64].map(Reg).into_iter().collect();
        assert_eq!(set.lowest_free(), Some(Reg(2)));
        assert_eq!(set.lowest_room(2), Some(Reg(4)));
        assert_eq!(set.lowest_room(1), Some(Reg(2)));
        assert_eq!(set.lowest_room(0), Some(Reg(0)));
        assert_eq!(set.lowest_room(60), Some(Reg(4)));
        assert_eq!(set.lowest_room(61), Some(Reg(65)));
        assert_eq!(set.lowest_room(190), None);
        assert!(set.has_room(4, 60) && !set.has_room(4, 61) && !set.has_room(240, 11));
        assert_eq!(set.len(), 4);
        let full: Regs = (0..=249).map(Reg).collect();
        assert_eq!(full.lowest_free(), None);
        assert_eq!(full.iter().count(), 250);
    }
}
