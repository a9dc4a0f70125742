//! Text as modules: the reverse of [`disassemble`](crate::disassemble), for tests.
//!
//! Beside what the disassembler prints: `;` begins a comment, any name is a label, a function may
//! be named by its text (`@"fib"`), and the number after `fn` may be left out.

mod scan;

use std::collections::BTreeMap;
use std::fmt;

use crate::{
    Builder, Called, Clause, Extra, Function, FunctionId, GlobalId, Handler, HandlerRange,
    HostInput, Inst, Kind, MemberMode, Method, Module, Op, Operand, Param, Reg, StrId, Test, Word,
    native,
};
use scan::{Scan, Token};

/// A line that is not assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembleError {
    /// Counted from 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for AssembleError {}

/// The module that a text describes; it is not verified.
pub fn assemble(text: &str) -> Result<Module, AssembleError> {
    let mut assembler = Assembler { names: function_names(text), ..Assembler::default() };
    for _ in 0..assembler.names.len() {
        assembler.builder.function();
    }
    for (index, line) in text.lines().enumerate() {
        assembler.line(line).map_err(|what| AssembleError { line: index + 1, what })?;
    }
    let line = text.lines().count();
    assembler.finish_function().map_err(|what| AssembleError { line, what })?;
    Ok(assembler.builder.finish())
}

/// The names of the functions, in order: calls may come before what they call.
fn function_names(text: &str) -> Vec<String> {
    let heads = text.lines().map(str::trim).filter(|line| line.starts_with("fn "));
    heads.map(|line| Scan::new(line).first_text().unwrap_or_default()).collect()
}

#[derive(Default)]
struct Assembler {
    builder: Builder,
    names: Vec<String>,
    n_functions: u32,
    open: Option<Open>,
}

/// The function whose lines are being read.
struct Open {
    id: FunctionId,
    function: Function,
    labels: BTreeMap<String, u32>,
    /// Words whose distance is known once all labels are.
    jumps: Vec<(usize, String)>,
    catches: Vec<([String; 3], Reg, bool)>,
}

type Step<T> = Result<T, String>;

impl Assembler {
    fn line(&mut self, line: &str) -> Step<()> {
        let mut scan = Scan::new(line);
        let Some(head) = scan.token()? else { return Ok(()) };
        let Token::Word(word) = head else { return Err(format!("{head:?} begins no line")) };
        if let Some(label) = word.strip_suffix(':') {
            let open = self.open()?;
            let pc = open.function.code.len() as u32;
            open.labels.insert(label.to_owned(), pc);
            return Ok(());
        }
        match word.as_str() {
            "module" => self.builder.module_mut().name = scan.text()?.into(),
            "entry" => self.builder.module_mut().entry = FunctionId(scan.number()?),
            "global" => drop(self.builder.global(&scan.text()?)),
            "input" => self.input(&mut scan)?,
            "method" => self.method(&mut scan)?,
            "site" => drop(self.builder.site(&scan.text()?, &scan.text()?)),
            "handler" => self.handler(&mut scan)?,
            "test" => self.test(&mut scan)?,
            "requires" => {
                let pair = self.pair(&mut scan)?;
                self.builder.module_mut().requires.push(pair);
            }
            "header" => {
                let pair = self.pair(&mut scan)?;
                self.builder.module_mut().header.push(pair);
            }
            "fn" => self.function(&mut scan)?,
            "called" => self.called(&mut scan)?,
            "catch" => self.catch(&mut scan, false)?,
            "finally" => self.catch(&mut scan, true)?,
            op => self.instruction(op, &mut scan)?,
        }
        scan.end()
    }

    fn open(&mut self) -> Step<&mut Open> {
        self.open.as_mut().ok_or_else(|| "outside a function".to_owned())
    }

    fn pair(&mut self, scan: &mut Scan<'_>) -> Step<(StrId, StrId)> {
        let key = self.builder.string(&scan.text()?);
        Ok((key, self.builder.string(&scan.text()?)))
    }

    fn input(&mut self, scan: &mut Scan<'_>) -> Step<()> {
        let name = self.builder.string(&scan.text()?);
        let global = GlobalId(scan.prefixed("g")?);
        self.builder.module_mut().inputs.push(HostInput { name, global });
        Ok(())
    }

    fn method(&mut self, scan: &mut Scan<'_>) -> Step<()> {
        let kind = kind(&scan.word()?)?;
        let name = self.builder.string(&scan.text()?);
        let function = self.function_id(scan)?;
        self.builder.module_mut().methods.push(Method { kind, name, function });
        Ok(())
    }

    fn test(&mut self, scan: &mut Scan<'_>) -> Step<()> {
        let name = self.builder.string(&scan.text()?);
        let function = self.function_id(scan)?;
        self.builder.module_mut().tests.push(Test { name, function });
        Ok(())
    }

    fn handler(&mut self, scan: &mut Scan<'_>) -> Step<()> {
        let mut handler = Handler::default();
        while let Some(token) = scan.token()? {
            match token {
                Token::Text(effect) => {
                    let effect = self.builder.string(&effect);
                    let resumes_last = scan.word()? == "last";
                    handler.clauses.push(Clause { effect, resumes_last });
                }
                Token::Word(word) if word == "return" => handler.has_return = true,
                other => return Err(format!("{other:?} is no clause")),
            }
        }
        self.builder.handler(handler);
        Ok(())
    }

    fn function(&mut self, scan: &mut Scan<'_>) -> Step<()> {
        self.finish_function()?;
        let mut function =
            Function { name: self.builder.string(&scan.first_text()?), ..Function::default() };
        scan.expect("(")?;
        loop {
            match scan.token()? {
                Some(Token::Text(name)) => {
                    let name = self.builder.string(&name);
                    function.params.push(Param { name, is_optional: scan.eat("?") });
                }
                Some(Token::Word(word)) if word == "..." => function.has_rest = true,
                Some(Token::Word(word)) if word == ")" => break,
                other => return Err(format!("{other:?} is no parameter")),
            }
        }
        scan.expect("regs")?;
        function.n_regs = scan.number()? as u8;
        if scan.eat("captures") {
            function.n_captures = scan.number()? as u8;
        }
        let id = FunctionId(self.n_functions);
        self.n_functions += 1;
        let (labels, jumps, catches) = (BTreeMap::new(), Vec::new(), Vec::new());
        self.open = Some(Open { id, function, labels, jumps, catches });
        Ok(())
    }

    /// The name of the call above.
    fn called(&mut self, scan: &mut Scan<'_>) -> Step<()> {
        let name = self.builder.string(&scan.text()?);
        let function = &mut self.open()?.function;
        function.calls.push(Called { pc: function.code.len() as u32, name });
        Ok(())
    }

    fn catch(&mut self, scan: &mut Scan<'_>, is_finally: bool) -> Step<()> {
        let labels = [scan.word()?, scan.word()?, scan.word()?];
        let reg = Reg(scan.prefixed("r")? as u8);
        self.open()?.catches.push((labels, reg, is_finally));
        Ok(())
    }

    fn instruction(&mut self, name: &str, scan: &mut Scan<'_>) -> Step<()> {
        let op = Op::ALL.iter().find(|op| op.name() == name);
        let op = *op.ok_or_else(|| format!("`{name}` is no instruction"))?;
        let shape = Inst::decode([op as u8, 0, 0, 0]).expect("zero operands are operands");
        let mut bytes = vec![op as u8];
        for operand in shape.operands() {
            self.operand(operand, &mut bytes, scan)?;
        }
        bytes.resize(4, 0);
        let inst = Inst::decode([bytes[0], bytes[1], bytes[2], bytes[3]])
            .expect("the operands are of the opcode's kinds");
        self.open()?.function.code.push(inst);
        if let Some(extra) = op.extra() {
            let word = self.extra(extra, scan)?;
            self.open()?.function.code.push(word);
        }
        Ok(())
    }

    fn operand(&mut self, shape: Operand, bytes: &mut Vec<u8>, scan: &mut Scan<'_>) -> Step<()> {
        match shape {
            Operand::Dst(_)
            | Operand::Src(_)
            | Operand::Upd(_)
            | Operand::Take(_)
            | Operand::Win(_)
            | Operand::Win1(_)
            | Operand::Pair(_) => bytes.push(scan.prefixed("r")? as u8),
            Operand::Count(_) => bytes.push(scan.number()? as u8),
            Operand::Imm8(_) => bytes.push(scan.signed()? as i8 as u8),
            Operand::Imm16(_) => bytes.extend((scan.signed()? as i16).to_le_bytes()),
            Operand::Jump16(_) | Operand::Word(_) => {
                let label = scan.word()?;
                let open = self.open()?;
                open.jumps.push((open.function.code.len(), label));
                bytes.extend([0, 0]);
            }
            Operand::Const16(_) => {
                let id = self.constant(scan)?;
                bytes.extend((id as u16).to_le_bytes());
            }
            Operand::Global16(_) => bytes.extend((scan.prefixed("g")? as u16).to_le_bytes()),
            Operand::Native16(_) => bytes.extend((native_id(scan)? as u16).to_le_bytes()),
            Operand::Capture(_) => bytes.push(scan.prefixed("c")? as u8),
            Operand::Kind(_) => bytes.push(kind(&scan.word()?)? as u8),
            Operand::Mode(_) => {
                let name = scan.word()?;
                let mode = MemberMode::ALL.iter().find(|mode| mode.name() == name);
                bytes.push(*mode.ok_or_else(|| format!("`{name}` is no mode"))? as u8);
            }
        }
        Ok(())
    }

    fn extra(&mut self, extra: Extra, scan: &mut Scan<'_>) -> Step<Inst> {
        let id = match extra {
            Extra::Jump => {
                let label = scan.word()?;
                let open = self.open()?;
                open.jumps.push((open.function.code.len(), label));
                return Ok(Inst::Jump(word(0)?));
            }
            Extra::Text => self.builder.string(&scan.text()?).0,
            Extra::Const => self.constant(scan)?,
            Extra::Function => self.function_id(scan)?.0,
            Extra::Keys => {
                let keys = scan.texts()?;
                self.builder.keys(keys.iter().map(String::as_str)).0
            }
            Extra::Global => scan.prefixed("g")?,
            Extra::Native => native_id(scan)?,
            Extra::Site => scan.prefixed("s")?,
            Extra::Handler => scan.prefixed("h")?,
        };
        Ok(Inst::Arg(word(id)?))
    }

    fn constant(&mut self, scan: &mut Scan<'_>) -> Step<u32> {
        match scan.token()? {
            Some(Token::Text(text)) => Ok(self.builder.text(&text).0),
            Some(Token::Word(word)) => {
                let number = word.parse().map_err(|_| format!("`{word}` is no constant"))?;
                Ok(self.builder.number(number).0)
            }
            other => Err(format!("{other:?} is no constant")),
        }
    }

    fn function_id(&self, scan: &mut Scan<'_>) -> Step<FunctionId> {
        scan.expect("@")?;
        match scan.token()? {
            Some(Token::Text(name)) => {
                let index = self.names.iter().position(|known| *known == name);
                let index = index.ok_or_else(|| format!("there is no function {name:?}"))?;
                Ok(FunctionId(index as u32))
            }
            Some(Token::Word(word)) => {
                let id = word.parse().map_err(|_| format!("`{word}` is no function"))?;
                Ok(FunctionId(id))
            }
            other => Err(format!("{other:?} is no function")),
        }
    }

    fn finish_function(&mut self) -> Step<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let find = |labels: &BTreeMap<String, u32>, label: &String| {
            labels.get(label).copied().ok_or_else(|| format!("there is no label `{label}`"))
        };
        for (at, label) in &open.jumps {
            let distance = find(&open.labels, label)? as i32 - *at as i32 - 1;
            let inst = &mut open.function.code[*at];
            *inst = aim(*inst, distance)?;
        }
        for ([start, end, target], reg, is_finally) in &open.catches {
            open.function.catches.push(HandlerRange {
                start: find(&open.labels, start)?,
                end: find(&open.labels, end)?,
                target: find(&open.labels, target)?,
                reg: *reg,
                is_finally: *is_finally,
            });
        }
        self.builder.set_function(open.id, open.function);
        Ok(())
    }
}

/// The same jump with this distance.
fn aim(inst: Inst, distance: i32) -> Step<Inst> {
    if let Inst::Jump(_) = inst {
        return Word::jump(distance).map(Inst::Jump).ok_or_else(|| "too far".to_owned());
    }
    let short = i16::try_from(distance).map_err(|_| "too far".to_owned())?;
    let [op, reg, _, _] = inst.encode();
    let [low, high] = short.to_le_bytes();
    Ok(Inst::decode([op, reg, low, high]).expect("only short jumps wait for a label"))
}

fn word(id: u32) -> Step<Word> {
    Word::id(id).ok_or_else(|| format!("{id} is too large"))
}

fn native_id(scan: &mut Scan<'_>) -> Step<u32> {
    let name = scan.word()?;
    native(&name).map(|id| id.0).ok_or_else(|| format!("the machine has no `{name}`"))
}

fn kind(name: &str) -> Step<Kind> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    kind.ok_or_else(|| format!("`{name}` is no kind"))
}
