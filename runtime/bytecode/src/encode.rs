//! Modules as bytes.
//!
//! An artifact is a header and a payload. The header: eight bytes of magic, the fingerprint of
//! the opcode table (eight bytes), the BLAKE3 hash of the payload (32 bytes). The payload: the
//! tables of [`Module`] in the order of `module` below; counts, ids and lengths are LEB128
//! varints of at most 32 bits, numbers are little-endian doubles, instructions four bytes.
//! Functions of the machine are written by name. The same module gives the same bytes.

use std::collections::BTreeMap;

use crate::{
    Constant, Extra, Handler, Inst, Method, Module, NATIVES, NativeId, Op, Place, StrId, Word,
    module::Function,
};

/// The version of the format, which also says how effects are named when such a program runs.
pub const FORMAT: u8 = 2;

pub(crate) const MAGIC: &[u8; 7] = b"prismbc";
pub(crate) const HEADER: usize = 8 + 8 + 32;

/// Changes whenever an opcode is added, moved, or gets other operands.
pub(crate) fn fingerprint() -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    for op in Op::ALL {
        hasher.update(op.name().as_bytes());
        let zeros = Inst::decode([*op as u8, 0, 0, 0]).expect("zero operands are operands");
        hasher.update(format!("{:?}{:?}", zeros.operands(), op.extra()).as_bytes());
    }
    let hash = hasher.finalize();
    *hash.as_bytes().first_chunk().expect("a hash has 32 bytes")
}

/// The bytes of a module.
pub fn encode(module: &Module) -> Vec<u8> {
    let mut payload = Writer { bytes: Vec::new(), natives: natives_of(module) };
    payload.module(module);
    seal(&payload.bytes)
}

/// The artifact with this payload: its header is right, whatever the payload is.
///
/// For tests and fuzzers, which change payloads and cannot guess a checksum.
pub fn seal(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend(MAGIC);
    bytes.push(FORMAT);
    bytes.extend(fingerprint());
    bytes.extend(blake3::hash(payload).as_bytes());
    bytes.extend(payload);
    bytes
}

/// The functions of the machine that the code uses, in order of first use, numbered.
fn natives_of(module: &Module) -> BTreeMap<NativeId, u32> {
    let mut natives = BTreeMap::new();
    for function in &module.functions {
        for native in natives_in(&function.code) {
            let next = natives.len() as u32;
            natives.entry(native).or_insert(next);
        }
    }
    natives
}

fn natives_in(code: &[Inst]) -> impl Iterator<Item = NativeId> {
    code.iter().enumerate().filter_map(|(pc, inst)| match inst {
        Inst::LoadNative(_, native) => Some(NativeId(u32::from(*native))),
        Inst::Arg(word) if pc > 0 && code[pc - 1].op().extra() == Some(Extra::Native) => {
            Some(NativeId(word.value()))
        }
        _ => None,
    })
}

struct Writer {
    bytes: Vec<u8>,
    natives: BTreeMap<NativeId, u32>,
}

impl Writer {
    fn module(&mut self, module: &Module) {
        self.text(&module.name);
        self.int(module.entry.0);
        self.list(&module.strings, |w, text| w.text(text));
        let mut natives: Vec<_> = self.natives.iter().map(|(id, at)| (*at, *id)).collect();
        natives.sort_unstable();
        self.list(&natives, |w, (_, id)| {
            w.text(NATIVES.get(id.index()).map_or("", |native| native.name));
        });
        self.list(&module.constants, |w, constant| w.constant(constant));
        self.list(&module.keys, |w, keys| w.list(keys, |w, key| w.int(key.0)));
        self.list(&module.functions, Writer::function);
        self.list(&module.globals, |w, global| w.int(global.name.0));
        self.list(&module.inputs, |w, input| w.pair(input.name, input.global.0));
        self.list(&module.methods, Writer::method);
        self.list(&module.sites, |w, site| w.pair(site.effect, site.name.0));
        self.list(&module.handlers, Writer::handler);
        self.list(&module.files, |w, file| w.int(file.0));
        self.list(&module.tests, |w, test| w.pair(test.name, test.function.0));
        self.list(&module.requires, |w, (kind, name)| w.pair(*kind, name.0));
        self.list(&module.header, |w, (key, value)| w.pair(*key, value.0));
    }

    fn constant(&mut self, constant: &Constant) {
        match constant {
            Constant::Number(number) => {
                self.bytes.push(0);
                self.bytes.extend(number.to_bits().to_le_bytes());
            }
            Constant::Text(text) => {
                self.bytes.push(1);
                self.int(text.0);
            }
        }
    }

    fn function(&mut self, function: &Function) {
        self.int(function.name.0);
        self.list(&function.params, |w, param| {
            w.int(param.name.0);
            w.flag(param.is_optional);
        });
        self.flag(function.has_rest);
        self.bytes.push(function.n_regs);
        self.bytes.push(function.n_captures);
        self.code(&function.code);
        self.list(&function.catches, |w, range| {
            w.int(range.start);
            w.int(range.end);
            w.int(range.target);
            w.bytes.push(range.reg.0);
            w.flag(range.is_finally);
        });
        self.list(&function.places, Writer::place);
        self.list(&function.calls, |w, called| {
            w.int(called.pc);
            w.int(called.name.0);
        });
    }

    fn code(&mut self, code: &[Inst]) {
        self.int(code.len() as u32);
        for (pc, inst) in code.iter().enumerate() {
            let is_native = pc > 0 && code[pc - 1].op().extra() == Some(Extra::Native);
            let inst = match *inst {
                Inst::LoadNative(dst, native) => {
                    let at = self.natives[&NativeId(u32::from(native))];
                    Inst::LoadNative(dst, at as u16)
                }
                Inst::Arg(word) if is_native => {
                    let at = self.natives[&NativeId(word.value())];
                    Inst::Arg(Word::id(at).expect("there are fewer natives than ids"))
                }
                other => other,
            };
            self.bytes.extend(inst.encode());
        }
    }

    fn place(&mut self, place: &Place) {
        for number in [place.pc, place.file.0, place.start, place.end, place.line, place.column] {
            self.int(number);
        }
    }

    fn method(&mut self, method: &Method) {
        self.bytes.push(method.kind as u8);
        self.pair(method.name, method.function.0);
    }

    fn handler(&mut self, handler: &Handler) {
        self.list(&handler.clauses, |w, clause| {
            w.int(clause.effect.0);
            w.flag(clause.resumes_last);
        });
        self.flag(handler.has_return);
    }

    fn pair(&mut self, text: StrId, id: u32) {
        self.int(text.0);
        self.int(id);
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Writer, &T)) {
        self.int(items.len() as u32);
        for item in items {
            write(self, item);
        }
    }

    fn text(&mut self, text: &str) {
        self.int(text.len() as u32);
        self.bytes.extend(text.as_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.bytes.push(u8::from(flag));
    }

    fn int(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}
