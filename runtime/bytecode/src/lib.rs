//! The bytecode of Prism: instructions, modules, and what makes a module safe to run.
//!
//! [`Module`] is what a compiler makes; `encode` and `decode` are its bytes; [`verify`] turns
//! it into [`Verified`], the only thing a machine loads.

mod ids;

mod kind;

mod op;

mod module;

mod natives;

pub use ids::{
    ConstId, FileId, FunctionId, GlobalId, HandlerId, KeysId, NativeId, Reg, SiteId, StrId,
};
pub use kind::{Kind, MemberMode};
pub use module::{
    Builder, Clause, Constant, Function, Global, Handler, HandlerRange, HostInput, Method, Module,
    Param, Place, Site, Test,
};
pub use natives::{NATIVES, Native, native, number_constant};
pub use op::{Extra, Inst, Op, Operand, Word};
