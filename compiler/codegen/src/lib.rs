//! IR → bytecode.
//!
//! ```text
//! verify → split large literals → analyse → liveness → emit (registers, instructions)
//!        → tidy → lay out → module
//! ```
//!
//! The calling convention and the opcodes are those of `prism-bytecode`.

mod analyse;
mod asm;
mod classes;
mod clause;
mod emit;
mod error;
mod live;
mod module;
mod regs;
mod split;

pub use error::EmitError;

/// The bytecode of a program. The same module gives the same bytecode.
///
/// # Errors
///
/// A limit that the program exceeds, or IR that is not well formed: see [`EmitError`].
pub fn emit(module: &prism_ir::function::Module) -> Result<prism_bytecode::Module, EmitError> {
    prism_ir::verify(module).map_err(EmitError::Broken)?;
    module::emit(module)
}
