//! Bytes as modules. The bytes may come from anywhere: nothing here trusts a count.

use std::sync::Arc;

use crate::encode::{FORMAT, HEADER, MAGIC, fingerprint};
use crate::error::DecodeError;
use crate::{
    Called, Clause, Constant, Extra, FileId, Function, FunctionId, Global, GlobalId, Handler,
    HandlerRange, HostInput, Inst, Kind, Method, Module, NativeId, Param, Place, Reg, Site, StrId,
    Test, Word, native,
};

/// The largest artifact that is read, in bytes.
pub const MAX_ARTIFACT: usize = 256 << 20;

/// The module of an artifact. It is well formed, but [`verify`](crate::verify) has not seen it.
pub fn decode(bytes: &[u8]) -> Result<Module, DecodeError> {
    let header = bytes.get(..HEADER);
    let Some(header) = header.filter(|header| header.starts_with(MAGIC)) else {
        return Err(DecodeError::NotAnArtifact);
    };
    if header[7] != FORMAT || header[8..16] != fingerprint() {
        return Err(DecodeError::OtherVersion);
    }
    let payload = &bytes[HEADER..];
    if bytes.len() > MAX_ARTIFACT {
        return Err(DecodeError::TooLarge);
    }
    if blake3::hash(payload).as_bytes() != &header[16..] {
        return Err(DecodeError::Damaged);
    }
    let mut reader = Reader { bytes: payload, natives: Vec::new() };
    let module = reader.module()?;
    if !reader.bytes.is_empty() {
        return Err(DecodeError::Malformed("bytes after the end"));
    }
    Ok(module)
}

/// The version of the format of an artifact; `None` for what is none.
pub fn format(bytes: &[u8]) -> Option<u8> {
    bytes.strip_prefix(MAGIC)?.first().copied()
}

struct Reader<'a> {
    bytes: &'a [u8],
    natives: Vec<NativeId>,
}

type Read<T> = Result<T, DecodeError>;

impl Reader<'_> {
    fn module(&mut self) -> Read<Module> {
        let name = self.text()?;
        let entry = FunctionId(self.int()?);
        let strings = self.list(Reader::text)?;
        self.natives = self.list(Reader::native)?;
        Ok(Module {
            name,
            entry,
            strings,
            constants: self.list(Reader::constant)?,
            keys: self.list(|r| r.list(Reader::str_id))?,
            functions: self.list(Reader::function)?,
            globals: self.list(|r| Ok(Global { name: r.str_id()? }))?,
            inputs: self
                .list(|r| Ok(HostInput { name: r.str_id()?, global: GlobalId(r.int()?) }))?,
            methods: self.list(Reader::method)?,
            sites: self.list(|r| Ok(Site { effect: r.str_id()?, name: r.str_id()? }))?,
            handlers: self.list(Reader::handler)?,
            files: self.list(Reader::str_id)?,
            tests: self.list(|r| Ok(Test { name: r.str_id()?, function: FunctionId(r.int()?) }))?,
            requires: self.list(|r| Ok((r.str_id()?, r.str_id()?)))?,
            header: self.list(|r| Ok((r.str_id()?, r.str_id()?)))?,
        })
    }

    fn native(&mut self) -> Read<NativeId> {
        let name = self.text()?;
        native(&name).ok_or(DecodeError::UnknownNative(name))
    }

    fn constant(&mut self) -> Read<Constant> {
        match self.byte()? {
            0 => {
                let bits = self.chunk::<8>()?;
                Ok(Constant::Number(f64::from_bits(u64::from_le_bytes(bits))))
            }
            1 => Ok(Constant::Text(self.str_id()?)),
            _ => Err(DecodeError::Malformed("an unknown kind of constant")),
        }
    }

    fn function(&mut self) -> Read<Function> {
        Ok(Function {
            name: self.str_id()?,
            params: self.list(|r| Ok(Param { name: r.str_id()?, is_optional: r.flag()? }))?,
            has_rest: self.flag()?,
            n_regs: self.byte()?,
            n_captures: self.byte()?,
            code: self.code()?,
            catches: self.list(Reader::range)?,
            places: self.list(Reader::place)?,
            calls: self.list(|r| Ok(Called { pc: r.int()?, name: r.str_id()? }))?,
        })
    }

    fn code(&mut self) -> Read<Vec<Inst>> {
        let count = self.int()? as usize;
        let mut code: Vec<Inst> = Vec::with_capacity(count.min(self.bytes.len() / 4));
        for _ in 0..count {
            let bytes = self.chunk::<4>()?;
            let inst =
                Inst::decode(bytes).ok_or(DecodeError::Malformed("an unknown instruction"))?;
            let is_native = code.last().and_then(|last| last.op().extra()) == Some(Extra::Native);
            code.push(match inst {
                Inst::LoadNative(dst, at) => {
                    let native = self.native_at(u32::from(at))?;
                    Inst::LoadNative(dst, native.0 as u16)
                }
                Inst::Arg(word) if is_native => {
                    let native = self.native_at(word.value())?;
                    Inst::Arg(Word::id(native.0).expect("there are fewer natives than ids"))
                }
                other => other,
            });
        }
        Ok(code)
    }

    fn native_at(&self, at: u32) -> Read<NativeId> {
        let native = self.natives.get(at as usize).copied();
        native.ok_or(DecodeError::Malformed("an unknown function of the machine"))
    }

    fn range(&mut self) -> Read<HandlerRange> {
        Ok(HandlerRange {
            start: self.int()?,
            end: self.int()?,
            target: self.int()?,
            reg: Reg(self.byte()?),
            is_finally: self.flag()?,
        })
    }

    fn place(&mut self) -> Read<Place> {
        Ok(Place {
            pc: self.int()?,
            file: FileId(self.int()?),
            start: self.int()?,
            end: self.int()?,
            line: self.int()?,
            column: self.int()?,
        })
    }

    fn method(&mut self) -> Read<Method> {
        let kind = Kind::from_u8(self.byte()?)
            .ok_or(DecodeError::Malformed("an unknown kind of value"))?;
        Ok(Method { kind, name: self.str_id()?, function: FunctionId(self.int()?) })
    }

    fn handler(&mut self) -> Read<Handler> {
        Ok(Handler {
            clauses: self.list(|r| Ok(Clause { effect: r.str_id()?, resumes_last: r.flag()? }))?,
            has_return: self.flag()?,
        })
    }

    fn str_id(&mut self) -> Read<StrId> {
        self.int().map(StrId)
    }

    /// A counted list. Every item takes at least a byte, which bounds what is reserved.
    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count = self.int()? as usize;
        if count > self.bytes.len() {
            return Err(DecodeError::Malformed("a list longer than the artifact"));
        }
        let mut items = Vec::with_capacity(count.min(4096));
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    fn text(&mut self) -> Read<Arc<str>> {
        let length = self.int()? as usize;
        let Some((head, rest)) = self.bytes.split_at_checked(length) else {
            return Err(DecodeError::Malformed("a text longer than the artifact"));
        };
        self.bytes = rest;
        let text = std::str::from_utf8(head);
        text.map(Arc::from).map_err(|_| DecodeError::Malformed("a text that is not UTF-8"))
    }

    fn flag(&mut self) -> Read<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Malformed("a flag that is neither 0 nor 1")),
        }
    }

    fn int(&mut self) -> Read<u32> {
        let mut number = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number)
                    .map_err(|_| DecodeError::Malformed("a number above 2^32"));
            }
        }
        Err(DecodeError::Malformed("a number above 2^32"))
    }

    fn byte(&mut self) -> Read<u8> {
        self.chunk::<1>().map(|[byte]| byte)
    }

    fn chunk<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (head, rest) =
            self.bytes.split_first_chunk().ok_or(DecodeError::Malformed("the end is missing"))?;
        self.bytes = rest;
        Ok(*head)
    }
}
