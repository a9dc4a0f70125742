//! Programs by chance: loops over numbers and arrays that call each other, with a few values of
//! other kinds in the wrong places; with confidences where they are asked for.

use fastrand::Rng;
use prism_bytecode::{
    Builder, Function, FunctionId, HandlerRange, Inst, Module, Param, Place, Reg, Word, native,
};

/// Registers: numbers, arrays, anything, and the window of calls.
const NUMBERS: std::ops::Range<u8> = 0..5;
const ARRAYS: std::ops::Range<u8> = 5..8;
const OTHERS: std::ops::Range<u8> = 8..10;
const WINDOW: u8 = 10;
pub const N_REGS: u8 = 14;
const N_FUNCTIONS: u32 = 3;

pub fn module(chance: &mut Rng, is_confident: bool) -> Module {
    let mut builder = Builder::default();
    let file = builder.file("made.prism");
    let main = builder.function();
    for _ in 0..N_FUNCTIONS {
        builder.function();
    }
    builder.global("g");
    builder.global("h");
    let names = [builder.string("f"), builder.string("x"), builder.string("y")];
    for id in 0..=N_FUNCTIONS {
        let n_params = if id == main.0 { 0 } else { 2 };
        let builder = &mut builder;
        let mut make =
            Make { chance, builder, code: Vec::new(), n_params, is_confident, objects: vec![] };
        make.function(id, id == main.0);
        let code = std::mem::take(&mut make.code);
        let places = (0..code.len() as u32).map(|pc| Place {
            pc,
            file,
            start: pc,
            end: pc + 1,
            line: pc + 1,
            column: 1 + id,
        });
        let n_words = code.len() as u32;
        let is_caught = id != main.0 && chance.u8(..8) == 0;
        let caught = HandlerRange {
            start: 0,
            end: n_words,
            target: n_words - 1,
            reg: Reg(0),
            is_finally: false,
        };
        let function = Function {
            name: names[0],
            params: (0..usize::from(n_params))
                .map(|at| Param { name: names[1 + at], is_optional: false })
                .collect(),
            n_regs: N_REGS,
            places: places.collect(),
            code,
            catches: is_caught.then_some(caught).into_iter().collect(),
            ..Function::default()
        };
        builder.set_function(FunctionId(id), function);
    }
    builder.module_mut().entry = main;
    builder.finish()
}

struct Make<'a> {
    chance: &'a mut Rng,
    builder: &'a mut Builder,
    code: Vec<Inst>,
    n_params: u8,
    is_confident: bool,
    /// Arrays that hold objects at first.
    objects: Vec<u8>,
}

impl Make<'_> {
    fn function(&mut self, id: u32, is_main: bool) {
        if !is_main && self.chance.u8(..3) == 0 {
            return self.short();
        }
        let calls_itself = !is_main && self.chance.bool();
        if calls_itself {
            self.base_case();
        }
        for reg in NUMBERS.skip(usize::from(self.n_params)) {
            self.load(reg);
        }
        for reg in ARRAYS {
            let count = self.chance.u8(..4);
            let are_objects = self.chance.u8(..4) == 0;
            if are_objects && count > 0 {
                self.objects.push(reg);
            }
            for at in 0..count {
                self.load(WINDOW + at);
                if are_objects || self.chance.u8(..30) == 0 {
                    self.object(WINDOW + at);
                }
            }
            self.code.push(Inst::NewArray(Reg(reg), Reg(WINDOW), count));
        }
        if is_main {
            for global in 0..2 {
                self.load(OTHERS.start);
                self.code.push(Inst::SetGlobal(Reg(OTHERS.start), global));
            }
        }
        self.block(if calls_itself { 1 } else { 2 });
        if calls_itself {
            for _ in 0..self.chance.u8(1..3) {
                self.code.push(Inst::SubI(Reg(WINDOW), Reg(0), self.chance.i8(1..3)));
                self.code.push(Inst::Copy(Reg(WINDOW + 1), Reg(1)));
                let to = self.number();
                self.code.push(Inst::Call(to, Reg(WINDOW), 2));
                self.code.push(Inst::Arg(Word::id(id).expect("it is small")));
            }
        }
        let reg = self.reg();
        self.code.push(Inst::Return(Reg(reg)));
    }

    /// An object with what a register has as one of its two or three fields.
    fn object(&mut self, reg: u8) {
        let mut keys = vec!["p", "q"];
        self.load(reg + 1);
        if reg < WINDOW + 2 && self.chance.u8(..4) == 0 {
            self.load(reg + 2);
            keys.insert(0, "r");
        }
        let keys = self.builder.keys(keys);
        self.code.push(Inst::NewObject(Reg(reg), Reg(reg)));
        self.code.push(Inst::Arg(Word::id(keys.0).expect("it is small")));
    }

    /// A field of something, which is mostly the element of an array.
    fn field(&mut self) {
        let Some(&array) = self.objects.get(self.chance.usize(..3)) else { return self.compute() };
        let (array, to) = (Reg(array), self.number());
        let object = Reg(OTHERS.start + 1);
        match self.chance.u8(..10) {
            0 => {}
            1 | 2 => self.code.push(Inst::GetIndex(object, array, Reg(self.chance.u8(NUMBERS)))),
            _ => self.code.push(Inst::GetIndexI(object, array, 0)),
        }
        let to = if self.chance.u8(..4) == 0 { object } else { to };
        let key = ["p", "p", "p", "q", "q", "q", "q", "q", "r", "length"][self.chance.usize(..10)];
        let key = self.builder.string(key);
        self.code.push(Inst::GetField(to, object));
        self.code.push(Inst::Arg(Word::id(key.0).expect("it is small")));
        if self.chance.bool() {
            let other = self.number();
            self.code.push(Inst::Add(other, to, other));
        }
    }

    /// A way to the end of the function, right at its start.
    fn base_case(&mut self) {
        for _ in 0..self.chance.u8(..3) {
            let (to, x) = (Reg(self.chance.u8(2..5)), Reg(self.chance.u8(..2)));
            self.code.push(Inst::AddI(to, x, self.chance.i8(-3..4)));
        }
        let test = match self.chance.u8(..4) {
            0 => Inst::JumpGreaterEqI(Reg(0), 2),
            1 => Inst::JumpNotLess(Reg(0), Reg(1)),
            _ => Inst::JumpNotLessI(Reg(0), 3),
        };
        self.code.push(test);
        let at = self.code.len();
        self.code.push(Inst::LoadNull(Reg(0)));
        if self.chance.bool() {
            self.code.push(Inst::Mul(Reg(3), Reg(0), Reg(1)));
        }
        let reg = if self.chance.bool() { Reg(0) } else { Reg(self.chance.u8(..4)) };
        self.code.push(Inst::Return(reg));
        let distance = (self.code.len() - at - 1) as i32;
        self.code[at] = Inst::Jump(Word::jump(distance).expect("it is near"));
    }

    /// A function that goes straight to its end.
    fn short(&mut self) {
        for reg in NUMBERS.skip(usize::from(self.n_params)) {
            self.load(reg);
        }
        for _ in 0..self.chance.u8(..5) {
            match self.chance.u8(..12) {
                // The second parameter is often an array.
                0 => self.code.push(Inst::GetIndexI(Reg(2), Reg(1), self.chance.i8(-1..3))),
                1 => self.code.push(Inst::GetIndex(Reg(3), Reg(1), Reg(0))),
                _ => self.compute(),
            }
        }
        let reg = self.number();
        self.code.push(Inst::Return(reg));
    }

    /// A register that fits, most of the time.
    fn one_of(&mut self, range: std::ops::Range<u8>) -> Reg {
        if self.chance.u8(..60) == 0 { Reg(self.reg()) } else { Reg(self.chance.u8(range)) }
    }

    fn reg(&mut self) -> u8 {
        self.chance.u8(..WINDOW)
    }

    fn number(&mut self) -> Reg {
        self.one_of(NUMBERS)
    }

    fn array(&mut self) -> Reg {
        self.one_of(ARRAYS)
    }

    fn load(&mut self, reg: u8) {
        let to = Reg(reg);
        let constants = [0.5, -0.0, f64::NAN, f64::INFINITY, 1e300, 4_294_967_296.5, -7.0, 2e15];
        let inst = match self.chance.u8(..24) {
            0 => Inst::LoadTrue(to),
            1 if reg >= ARRAYS.start => Inst::LoadNull(to),
            2 if reg >= ARRAYS.start => {
                let text = self.builder.text("text");
                Inst::LoadConst(to, text.0 as u16)
            }
            3..8 => {
                let number = constants[self.chance.usize(..constants.len())];
                Inst::LoadConst(to, self.builder.number(number).0 as u16)
            }
            _ => Inst::LoadInt(to, self.chance.i16(-3..9)),
        };
        self.code.push(inst);
        if self.is_confident && !OTHERS.contains(&reg) && self.chance.u8(..3) == 0 {
            let confidence = self.confidence();
            self.code.push(Inst::Annotate(to, to, confidence));
        }
    }

    /// A register with a number that may be meant as a confidence.
    fn confidence(&mut self) -> Reg {
        let numbers = [0.25, 0.5, 0.5, 0.9, 1.0, 0.0, -0.0, 3.0, f64::INFINITY];
        let number = match self.chance.u16(..300) {
            0 => f64::NAN,
            _ => numbers[self.chance.usize(..numbers.len())],
        };
        let number = self.builder.number(number);
        let reg = Reg(OTHERS.start + 1);
        self.code.push(Inst::LoadConst(reg, number.0 as u16));
        reg
    }

    fn confide(&mut self) {
        let (to, x, y) = (self.number(), self.number(), self.number());
        let inst = match self.chance.u8(..9) {
            0 | 1 => Inst::Annotate(to, x, self.confidence()),
            2 => Inst::Scale(to, x, self.confidence()),
            3 => Inst::Product(to, x, y),
            4 => Inst::Inherit(to, x, y),
            5 => Inst::Chain(to, x, y),
            6 => Inst::ValueOf(to, x),
            7 => Inst::ConfidenceOf(to, x),
            _ => Inst::MoreConfident(to, x, y),
        };
        self.code.push(inst);
    }

    fn block(&mut self, depth: u8) {
        for _ in 0..self.chance.u8(2..7) {
            match self.chance.u8(..12) {
                0..3 if depth > 0 => self.count(depth),
                3 if depth > 0 => self.each(depth),
                4..6 if depth > 0 => self.branch(depth),
                6 => self.call(),
                7..9 if self.chance.u8(..4) == 0 => self.field(),
                7..9 => self.element(),
                9 if self.is_confident => self.confide(),
                _ => self.compute(),
            }
        }
    }

    /// A loop that counts, now and then from what is no integer.
    fn count(&mut self, depth: u8) {
        let (counter, limit) = (self.number(), Reg(8));
        match self.chance.u8(..8) {
            0 => self.load(counter.0),
            _ => self.code.push(Inst::LoadInt(counter, 0)),
        }
        self.code.push(Inst::LoadInt(limit, self.chance.i16(0..14)));
        let to_test = self.code.len();
        let is_tested = counter != limit && self.chance.bool();
        if is_tested {
            self.code.push(Inst::LoadNull(Reg(WINDOW)));
        }
        let head = self.code.len();
        self.block(depth - 1);
        match self.chance.u8(..3) {
            _ if is_tested => self.code.push(Inst::ForLess(counter, limit, self.chance.i8(1..3))),
            0 if counter != limit => self.code.push(Inst::ForLess(counter, limit, 1)),
            _ => {
                self.code.push(Inst::AddI(counter, counter, 1));
                self.code.push(Inst::JumpLessEqI(counter, 9));
            }
        }
        self.jump_to(head);
        if is_tested {
            // The test comes first, as the compiler writes it.
            let distance = (self.code.len() - to_test - 1) as i32;
            self.code[to_test] = Inst::Jump(Word::jump(distance).expect("it is near"));
            self.code.push(Inst::JumpLess(counter, limit));
            self.jump_to(head);
        }
    }

    fn each(&mut self, depth: u8) {
        let array = self.array();
        let pair = Reg(OTHERS.start);
        self.code.push(Inst::Items(pair, array));
        self.code.push(Inst::LoadInt(Reg(pair.0 + 1), -1));
        let to_end = self.code.len();
        self.code.push(Inst::LoadNull(Reg(WINDOW)));
        let head = self.code.len();
        self.block(depth - 1);
        let distance = (self.code.len() - to_end - 1) as i32;
        self.code[to_end] = Inst::Jump(Word::jump(distance).expect("it is near"));
        let element = self.number();
        self.code.push(Inst::ForEach(element, pair));
        self.jump_to(head);
    }

    fn branch(&mut self, depth: u8) {
        let (x, y) = (self.number(), self.number());
        let imm = self.chance.i8(-2..6);
        let test = match self.chance.u8(..8) {
            0 => Inst::JumpLess(x, y),
            1 => Inst::JumpNotLessEq(x, y),
            2 => Inst::JumpGreaterEqI(x, imm),
            3 => Inst::JumpNotGreaterI(x, imm),
            4 => Inst::JumpEqual(x, y),
            5 => Inst::JumpNotSameI(x, imm),
            6 => Inst::JumpIf(x, 0),
            7 if self.is_confident => Inst::JumpNotConfident(x, self.confidence()),
            _ => Inst::JumpNotNull(Reg(self.chance.u8(OTHERS)), 0),
        };
        let at = self.code.len();
        self.code.push(test);
        let is_fused = test.op().extra().is_some();
        if is_fused {
            self.code.push(Inst::LoadNull(Reg(0)));
        }
        self.block(depth - 1);
        let distance = (self.code.len() - at - 1 - usize::from(is_fused)) as i32;
        match test {
            Inst::JumpIf(reg, _) => self.code[at] = Inst::JumpIf(reg, distance as i16),
            Inst::JumpNotNull(reg, _) => self.code[at] = Inst::JumpNotNull(reg, distance as i16),
            _ => self.code[at + 1] = Inst::Jump(Word::jump(distance).expect("it is near")),
        }
    }

    fn jump_to(&mut self, head: usize) {
        let distance = head as i32 - self.code.len() as i32 - 1;
        self.code.push(Inst::Jump(Word::jump(distance).expect("it is near")));
    }

    fn call(&mut self) {
        let (x, to) = (self.number(), self.number());
        self.code.push(Inst::Copy(Reg(WINDOW), x));
        let y = if self.chance.bool() { self.array() } else { self.number() };
        self.code.push(Inst::Copy(Reg(WINDOW + 1), y));
        let id = self.chance.u32(1..=N_FUNCTIONS);
        self.code.push(Inst::Call(to, Reg(WINDOW), 2));
        self.code.push(Inst::Arg(Word::id(id).expect("it is small")));
    }

    fn element(&mut self) {
        let (array, at, to) = (self.array(), self.number(), self.number());
        // What is confident is no index.
        if self.is_confident && self.chance.u8(..8) != 0 {
            self.code.push(Inst::ValueOf(at, at));
        }
        let inst = match self.chance.u8(..20) {
            0 | 9 => Inst::Length(to, array),
            16 => {
                // Beside a number that a loop may count.
                self.code.push(Inst::AddI(Reg(9), at, self.chance.i8(-2..3)));
                Inst::GetIndex(to, array, Reg(9))
            }
            17 => {
                self.code.push(Inst::Copy(Reg(WINDOW), to));
                Inst::SetIndex(array, at, Reg(WINDOW))
            }
            8 => {
                // An element of an element, at a place that loops may not change.
                let other = self.array();
                self.code.push(Inst::Copy(Reg(WINDOW), other));
                self.code.push(Inst::LoadInt(Reg(9), self.chance.i16(0..2)));
                self.code.push(Inst::SetIndex(array, Reg(9), Reg(WINDOW)));
                let outer = self.number();
                self.code.push(Inst::GetIndex(Reg(9), array, outer));
                Inst::GetIndex(Reg(9), Reg(9), at)
            }
            1 | 10 => {
                self.code.push(Inst::Copy(Reg(WINDOW), at));
                Inst::ArrayPush(array, Reg(WINDOW))
            }
            2 | 3 | 11 | 12 => {
                self.code.push(Inst::LoadInt(Reg(9), self.chance.i16(0..3)));
                self.code.push(Inst::Copy(Reg(WINDOW), at));
                Inst::SetIndex(array, Reg(9), Reg(WINDOW))
            }
            4 | 13 => {
                let other = self.array();
                self.code.push(Inst::Copy(Reg(WINDOW), other));
                self.code.push(Inst::ArrayPush(array, Reg(WINDOW)));
                self.code.push(Inst::GetIndexI(Reg(9), array, 0));
                Inst::GetIndexI(Reg(9), Reg(9), 0)
            }
            5 | 14 => Inst::Copy(self.array(), array),
            6 | 15 => Inst::GetIndex(to, array, at),
            _ => Inst::GetIndexI(to, array, self.chance.i8(-1..3)),
        };
        self.code.push(inst);
    }

    fn compute(&mut self) {
        let (to, x, y) = (self.number(), self.number(), self.number());
        let imm = self.chance.i8(-3..9);
        let other = Reg(self.chance.u8(OTHERS));
        let inst = match self.chance.u8(..22) {
            20 => Inst::AddI(x, x, imm),
            21 => Inst::SubI(x, x, 1),
            0 | 1 => Inst::Add(to, x, y),
            2 => Inst::Sub(to, x, y),
            3 => Inst::Mul(to, x, y),
            4 => Inst::Div(to, x, y),
            5 => Inst::Rem(to, x, y),
            6 => Inst::AddI(to, x, imm),
            7 => Inst::MulI(to, x, imm),
            8 => Inst::DivI(to, x, 4),
            9 => Inst::RemI(to, x, 7),
            10 => Inst::Neg(to, x),
            11 => Inst::Less(other, x, y),
            12 => Inst::NotSame(other, x, y),
            13 => Inst::Not(other, x),
            14 => Inst::GetGlobal(to, self.chance.u16(..2)),
            15 => {
                self.code.push(Inst::Copy(Reg(WINDOW), x));
                Inst::SetGlobal(Reg(WINDOW), self.chance.u16(..2))
            }
            16 => Inst::Copy(other, x),
            17 => {
                self.code.push(Inst::Copy(other, y));
                Inst::Move(to, other)
            }
            18 => {
                let names = ["Math.sqrt", "Math.floor", "Math.abs", "Math.ceil", "Math.trunc"];
                let name = names[self.chance.usize(..names.len())];
                self.code.push(Inst::Copy(Reg(WINDOW), x));
                self.code.push(Inst::CallNative(to, Reg(WINDOW), 1));
                let id = native(name).expect("the machine has it");
                Inst::Arg(Word::id(id.0).expect("it is small"))
            }
            _ if self.chance.u8(..6) == 0 => {
                self.code.push(Inst::LoadConst(other, self.builder.number(0.75).0 as u16));
                Inst::Annotate(to, x, other)
            }
            _ => return self.load(to.0),
        };
        self.code.push(inst);
    }
}
