//! The bytecode of Prism: instructions, modules, and what makes a module safe to run.
//!
//! [`Module`] is what a compiler makes; `encode` and `decode` are its bytes; [`verify`] turns
//! it into [`Verified`], the only thing a machine loads.

mod ids;

mod kind;

#[macro_use]
mod op;

mod module;

mod natives;

mod error;

mod encode;

mod decode;

mod ready;

mod verify;

mod disassemble;

mod assemble;

pub use assemble::{AssembleError, assemble};
pub use decode::{MAX_ARTIFACT, decode, format};
pub use disassemble::disassemble;
pub use encode::{FORMAT, encode, seal};
pub use error::{DecodeError, VerifyError};
pub use ids::{
    ConstId, FileId, FunctionId, GlobalId, HandlerId, KeysId, NativeId, Reg, SiteId, StrId,
};
pub use kind::{Kind, MemberMode};
pub use module::{
    Builder, Called, Clause, Constant, Function, Global, Handler, HandlerRange, HostInput, Method,
    Module, Param, Place, Site, Test,
};
pub use natives::{NATIVES, Native, native, number_constant};
pub use op::{Extra, Inst, Op, Operand, Word};
pub use ready::{Ready, Step};
pub use verify::{Entry, MAX_REGS, Verified, verify};
