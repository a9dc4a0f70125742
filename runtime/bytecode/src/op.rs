//! The opcode table.
//!
//! An instruction is four bytes: the opcode and up to three bytes of operands. Some
//! instructions are followed by one more word: [`Inst::Arg`] with an id, or [`Inst::Jump`].
//! The encoder, the decoder, the verifier, the disassembler and the machine all follow the table
//! `instructions!` in `op/table.rs`; a doc line there says the registers before → after.
//!
//! Operand kinds of the table:
//!
//! | kind | meaning |
//! |---|---|
//! | `dst` | register, written; what it held is released |
//! | `src` | register, read; it keeps its value |
//! | `upd` | register, read and written |
//! | `take` | register, read and left null: the value moves |
//! | `win`, `count` | `count` registers from `win` on, all taken |
//! | `win1`, `count` | the same with one register more in front of (calls) or behind them (paths) |
//! | `pair` | register and the next one |
//! | `imm8`, `imm16` | signed number |
//! | `jump16` | signed distance in words from the next instruction |
//! | `const16` | constant · `global16` variable · `native16` function of the machine |
//! | `capture` | capture of the running closure |
//! | `kind`, `mode` | [`Kind`](crate::Kind), [`MemberMode`](crate::MemberMode) |
//! | `word` | 24 bits, unsigned for ids, signed for `Jump` |

#[macro_use]
mod table;

use crate::Reg;

/// 24 bits of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word([u8; 3]);

impl Word {
    /// The largest id a word holds.
    pub const MAX: u32 = (1 << 24) - 1;
    /// The farthest jump forward; backward it is one more.
    pub const MAX_JUMP: i32 = (1 << 23) - 1;

    /// An id, `None` above [`Word::MAX`].
    pub fn id(id: u32) -> Option<Word> {
        let [a, b, c, rest] = id.to_le_bytes();
        (rest == 0).then_some(Word([a, b, c]))
    }

    /// A distance, `None` when it is too far.
    pub fn jump(distance: i32) -> Option<Word> {
        let [a, b, c, _] = distance.to_le_bytes();
        let word = Word([a, b, c]);
        (word.distance() == distance).then_some(word)
    }

    /// The word as an id.
    #[inline(always)]
    pub fn value(self) -> u32 {
        let Word([a, b, c]) = self;
        u32::from_le_bytes([a, b, c, 0])
    }

    /// The word as a signed distance.
    #[inline(always)]
    pub fn distance(self) -> i32 {
        let Word([a, b, c]) = self;
        i32::from_le_bytes([0, a, b, c]) >> 8
    }
}

/// What the word after an instruction holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extra {
    Text,
    Const,
    Function,
    Keys,
    Global,
    Native,
    Site,
    Handler,
    /// An [`Inst::Jump`], taken when the test holds and skipped when it does not.
    Jump,
}

/// One operand of an instruction, with its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    Dst(Reg),
    Src(Reg),
    Upd(Reg),
    Take(Reg),
    Win(Reg),
    Win1(Reg),
    Pair(Reg),
    Count(u8),
    Imm8(i8),
    Imm16(i16),
    Jump16(i16),
    Const16(u16),
    Global16(u16),
    Native16(u16),
    Capture(u8),
    Kind(u8),
    Mode(u8),
    Word(Word),
}

/// An operand as bytes.
trait Field: Sized {
    fn read(bytes: &mut &[u8]) -> Option<Self>;
    fn write(self, bytes: &mut Vec<u8>);
}

macro_rules! number_fields {
    ($($ty:ty)*) => {$(
        impl Field for $ty {
            fn read(bytes: &mut &[u8]) -> Option<Self> {
                let (head, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(<$ty>::from_le_bytes(*head))
            }
            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
    )*};
}

number_fields!(u8 i8 u16 i16);

impl Field for Reg {
    fn read(bytes: &mut &[u8]) -> Option<Reg> {
        u8::read(bytes).map(Reg)
    }
    fn write(self, bytes: &mut Vec<u8>) {
        bytes.push(self.0);
    }
}

impl Field for Word {
    fn read(bytes: &mut &[u8]) -> Option<Word> {
        let (head, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(Word(*head))
    }
    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.0);
    }
}

macro_rules! operand_type {
    (dst) => {
        Reg
    };
    (src) => {
        Reg
    };
    (upd) => {
        Reg
    };
    (take) => {
        Reg
    };
    (win) => {
        Reg
    };
    (win1) => {
        Reg
    };
    (pair) => {
        Reg
    };
    (count) => {
        u8
    };
    (imm8) => {
        i8
    };
    (imm16) => {
        i16
    };
    (jump16) => {
        i16
    };
    (const16) => {
        u16
    };
    (global16) => {
        u16
    };
    (native16) => {
        u16
    };
    (capture) => {
        u8
    };
    (kind) => {
        u8
    };
    (mode) => {
        u8
    };
    (word) => {
        Word
    };
}

macro_rules! operand {
    (dst $x:ident) => {
        Operand::Dst($x)
    };
    (src $x:ident) => {
        Operand::Src($x)
    };
    (upd $x:ident) => {
        Operand::Upd($x)
    };
    (take $x:ident) => {
        Operand::Take($x)
    };
    (win $x:ident) => {
        Operand::Win($x)
    };
    (win1 $x:ident) => {
        Operand::Win1($x)
    };
    (pair $x:ident) => {
        Operand::Pair($x)
    };
    (count $x:ident) => {
        Operand::Count($x)
    };
    (imm8 $x:ident) => {
        Operand::Imm8($x)
    };
    (imm16 $x:ident) => {
        Operand::Imm16($x)
    };
    (jump16 $x:ident) => {
        Operand::Jump16($x)
    };
    (const16 $x:ident) => {
        Operand::Const16($x)
    };
    (global16 $x:ident) => {
        Operand::Global16($x)
    };
    (native16 $x:ident) => {
        Operand::Native16($x)
    };
    (capture $x:ident) => {
        Operand::Capture($x)
    };
    (kind $x:ident) => {
        Operand::Kind($x)
    };
    (mode $x:ident) => {
        Operand::Mode($x)
    };
    (word $x:ident) => {
        Operand::Word($x)
    };
}

macro_rules! extra {
    () => {
        None
    };
    ($extra:ident) => {
        Some(Extra::$extra)
    };
}

macro_rules! define {
    ($($(#[doc = $doc:literal])* $op:ident = $name:literal ($($x:ident: $kind:ident),*) $(+ $extra:ident)?;)*) => {
        /// An instruction with its operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Inst {
            $($(#[doc = $doc])* $op($(operand_type!($kind)),*),)*
        }

        /// An opcode.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Op {
            $($op,)*
        }

        impl Op {
            pub const ALL: &[Op] = &[$(Op::$op),*];

            /// The name in disassembly.
            pub fn name(self) -> &'static str {
                match self { $(Op::$op => $name,)* }
            }

            /// The names and kinds of its operands, as the table writes them.
            pub fn shape(self) -> &'static str {
                match self { $(Op::$op => stringify!($($x: $kind),*),)* }
            }

            /// What it does, as the table says it.
            pub fn meaning(self) -> String {
                match self { $(Op::$op => concat!($($doc, "\n"),*).to_owned(),)* }
            }

            /// What the word after the instruction holds.
            pub fn extra(self) -> Option<Extra> {
                match self { $(Op::$op => extra!($($extra)?),)* }
            }
        }

        impl Inst {
            pub fn op(self) -> Op {
                match self { $(Inst::$op(..) => Op::$op,)* }
            }

            /// The operands from left to right.
            pub fn operands(self) -> Vec<Operand> {
                match self { $(Inst::$op($($x),*) => vec![$(operand!($kind $x)),*],)* }
            }

            fn read(op: Op, bytes: &mut &[u8]) -> Option<Inst> {
                Some(match op {
                    $(Op::$op => Inst::$op($(<operand_type!($kind)>::read(bytes).map(|$x| $x)?),*),)*
                })
            }

            fn write(self, bytes: &mut Vec<u8>) {
                match self { $(Inst::$op($($x),*) => { $($x.write(bytes);)* })* }
            }
        }
    };
}

instructions!(define);

impl Inst {
    /// The instruction of four bytes; `None` for an unknown opcode or a byte that is not used
    /// and not zero.
    pub fn decode(bytes: [u8; 4]) -> Option<Inst> {
        let [op, operands @ ..] = bytes;
        let op = *Op::ALL.get(usize::from(op))?;
        let mut rest: &[u8] = &operands;
        let inst = Inst::read(op, &mut rest)?;
        rest.iter().all(|&byte| byte == 0).then_some(inst)
    }

    /// The four bytes of the instruction.
    pub fn encode(self) -> [u8; 4] {
        let mut bytes = Vec::with_capacity(4);
        bytes.push(self.op() as u8);
        self.write(&mut bytes);
        bytes.resize(4, 0);
        [bytes[0], bytes[1], bytes[2], bytes[3]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_takes_four_bytes() {
        assert_eq!(size_of::<Inst>(), 4);
        assert!(Op::ALL.len() < 256);
    }

    #[test]
    fn every_opcode_reads_back() {
        for &op in Op::ALL {
            let bytes = [op as u8, 0, 0, 0];
            let inst = Inst::decode(bytes).expect("zero operands are operands");
            assert_eq!(inst.op(), op);
            assert_eq!(inst.encode(), bytes);
        }
    }

    #[test]
    fn words_hold_ids_and_distances() {
        assert_eq!(Word::id(70_000).map(Word::value), Some(70_000));
        assert_eq!(Word::id(1 << 24), None);
        assert_eq!(Word::jump(-5).map(Word::distance), Some(-5));
        assert_eq!(Word::jump(-(1 << 23)).map(Word::distance), Some(-(1 << 23)));
        assert_eq!(Word::jump(1 << 23), None);
    }
}
