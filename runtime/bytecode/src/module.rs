//! A module: everything that a program is made of, linked.
//!
//! Tables refer to each other by id. Nothing here is checked; [`verify`](crate::verify) does that.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{ConstId, FileId, FunctionId, GlobalId, HandlerId, Inst, KeysId, Kind, SiteId, StrId};

/// A whole program: the user's modules and the parts of the standard library that they reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    /// The program's name, for people.
    pub name: Arc<str>,
    /// Runs the module bodies in import order and returns the value of the root file.
    pub entry: FunctionId,
    pub strings: Vec<Arc<str>>,
    pub constants: Vec<Constant>,
    pub keys: Vec<Vec<StrId>>,
    pub functions: Vec<Function>,
    pub globals: Vec<Global>,
    /// Names that the host supplies: `input`, `agents`, `task`, …
    pub inputs: Vec<HostInput>,
    /// Methods written in Prism; they come before the machine's own of the same name.
    pub methods: Vec<Method>,
    pub sites: Vec<Site>,
    pub handlers: Vec<Handler>,
    pub files: Vec<StrId>,
    pub tests: Vec<Test>,
    /// What the program needs from its host, such as (`agent`, `reviewer`).
    pub requires: Vec<(StrId, StrId)>,
    /// The pattern header: keys and their values as JSON text.
    pub header: Vec<(StrId, StrId)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant {
    Number(f64),
    Text(StrId),
}

/// The code of one function.
///
/// A call fills the registers from 0 on with the arguments, one per parameter; an optional
/// parameter without an argument is missing; the rest parameter, which comes last, is always an
/// array. All other registers are null.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Function {
    pub name: StrId,
    pub params: Vec<Param>,
    /// The last parameter collects all further arguments in an array.
    pub has_rest: bool,
    /// Registers that the code uses, parameters included; at most 250.
    pub n_regs: u8,
    /// What a closure of this function must bring.
    pub n_captures: u8,
    pub code: Vec<Inst>,
    /// The exception table. The first range that holds the failing instruction takes the
    /// exception, so inner ranges come first.
    pub catches: Vec<HandlerRange>,
    /// Where instructions stand in the text, by rising `pc`; a place holds until the next.
    pub places: Vec<Place>,
    /// The names of calls, by rising `pc`.
    pub calls: Vec<Called>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// For named arguments; a pattern has none, its name is the empty text.
    pub name: StrId,
    pub is_optional: bool,
}

/// An exception inside `start..end` (words) puts the thrown value into `reg` and goes on at
/// `target`. Other registers keep what they hold. A cancellation goes to a `finally` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerRange {
    pub start: u32,
    pub end: u32,
    pub target: u32,
    pub reg: crate::Reg,
    pub is_finally: bool,
}

/// The source place of the code from `pc` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub pc: u32,
    pub file: FileId,
    /// Byte offsets in the file.
    pub start: u32,
    pub end: u32,
    /// Counted from 1.
    pub line: u32,
    pub column: u32,
}

/// A call that has a name; the effects behind it have it in their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// The word after the call, where the caller goes on.
    pub pc: u32,
    /// Of the call in its function: variable or callee, ordinal on a clash.
    pub name: StrId,
}

/// A variable of a module that functions or other modules see. Missing until first set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Global {
    pub name: StrId,
}

/// The variable `global` starts as the host's input `name`, null when the host gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostInput {
    pub name: StrId,
    pub global: GlobalId,
}

/// `x.name(…)` for an `x` of this kind calls the function with `x` as its first argument.
/// The function has no captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    pub kind: Kind,
    pub name: StrId,
    pub function: FunctionId,
}

/// A place in the program that performs an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// `agent.call`.
    pub effect: StrId,
    /// Stable name of the site: function path, variable or effect, ordinal on a clash; of an
    /// effect of the library, the effect alone.
    pub name: StrId,
}

/// The clauses of a `handle`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handler {
    pub clauses: Vec<Clause>,
    /// There is a return clause: one more function in the window of `Inst::Handle`.
    pub has_return: bool,
}

/// One clause of a handler.
///
/// With `resumes_last` the clause is a function of the effect's arguments whose result answers
/// the effect. Otherwise its last argument is the continuation, for `Inst::Resume`, and its
/// result is the result of the whole `handle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    pub effect: StrId,
    pub resumes_last: bool,
}

/// A `test "name" { … }` block: a function without parameters and captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Test {
    pub name: StrId,
    pub function: FunctionId,
}

/// Fills the tables of a module and hands out ids; equal entries share one.
#[derive(Debug, Default)]
pub struct Builder {
    module: Module,
    strings: FxHashMap<Arc<str>, StrId>,
    constants: FxHashMap<(bool, u64), ConstId>,
    keys: FxHashMap<Vec<StrId>, KeysId>,
}

impl Builder {
    /// The id of a text.
    pub fn string(&mut self, text: &str) -> StrId {
        if let Some(&id) = self.strings.get(text) {
            return id;
        }
        let text: Arc<str> = text.into();
        let id = StrId(push(&mut self.module.strings, text.clone()));
        self.strings.insert(text, id);
        id
    }

    /// The id of a number constant.
    pub fn number(&mut self, number: f64) -> ConstId {
        self.constant((false, number.to_bits()), Constant::Number(number))
    }

    /// The id of a text constant.
    pub fn text(&mut self, text: &str) -> ConstId {
        let id = self.string(text);
        self.constant((true, u64::from(id.0)), Constant::Text(id))
    }

    /// The id of a list of names.
    pub fn keys<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> KeysId {
        let names: Vec<StrId> = names.into_iter().map(|name| self.string(name)).collect();
        if let Some(&id) = self.keys.get(&names) {
            return id;
        }
        let id = KeysId(push(&mut self.module.keys, names.clone()));
        self.keys.insert(names, id);
        id
    }

    /// A new function, empty until `set_function`: functions that call each other need ids first.
    pub fn function(&mut self) -> FunctionId {
        FunctionId(push(&mut self.module.functions, Function::default()))
    }

    /// Fills in a function.
    pub fn set_function(&mut self, id: FunctionId, function: Function) {
        self.module.functions[id.index()] = function;
    }

    /// A new variable.
    pub fn global(&mut self, name: &str) -> GlobalId {
        let name = self.string(name);
        GlobalId(push(&mut self.module.globals, Global { name }))
    }

    /// A new effect site; two sites with one name are two sites.
    pub fn site(&mut self, effect: &str, name: &str) -> SiteId {
        let site = Site { effect: self.string(effect), name: self.string(name) };
        SiteId(push(&mut self.module.sites, site))
    }

    /// A new handler.
    pub fn handler(&mut self, handler: Handler) -> HandlerId {
        HandlerId(push(&mut self.module.handlers, handler))
    }

    /// The id of a source file.
    pub fn file(&mut self, path: &str) -> FileId {
        let path = self.string(path);
        if let Some(index) = self.module.files.iter().position(|known| *known == path) {
            return FileId(index as u32);
        }
        FileId(push(&mut self.module.files, path))
    }

    /// The tables that need no ids.
    pub fn module_mut(&mut self) -> &mut Module {
        &mut self.module
    }

    /// The module.
    pub fn finish(self) -> Module {
        self.module
    }

    fn constant(&mut self, key: (bool, u64), constant: Constant) -> ConstId {
        let constants = &mut self.module.constants;
        *self.constants.entry(key).or_insert_with(|| ConstId(push(constants, constant)))
    }
}

fn push<T>(table: &mut Vec<T>, entry: T) -> u32 {
    let index = u32::try_from(table.len()).expect("a table has fewer than 2^32 entries");
    table.push(entry);
    index
}
