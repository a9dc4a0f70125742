//! The text of each stage, for people who look at the compiler at work.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use prism_project::Disk;
use prism_source::{FileSystem, ReadError};

use crate::compile::{
    Options, Program, Rejected, checked, emitted, lowered, optimized, unreadable,
};
use crate::rooted::Rooted;

/// Where to stop and print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// What lexer and layout make of the root file, errors included.
    Tokens,
    /// The tree of the root file, errors included.
    Ast,
    /// The bodies of the root file.
    Hir,
    /// The linked program after the optimizer.
    Ir,
    /// The disassembled module.
    Bytecode,
}

/// The text of a stage for a program on the disk.
pub fn emit_file(path: &Path, options: &Options, stage: Stage) -> Result<String, Rejected> {
    let (files, root) = Rooted::of(&Disk, path);
    text(&files, &root, options, stage, |path| files.shown(path))
}

/// The same for any file system; `root` is a path in it.
pub fn emit(
    files: &dyn FileSystem,
    root: &str,
    options: &Options,
    stage: Stage,
) -> Result<String, Rejected> {
    text(files, root, options, stage, Arc::clone)
}

fn text(
    files: &dyn FileSystem,
    root: &str,
    options: &Options,
    stage: Stage,
    shown: impl Fn(&Arc<str>) -> Arc<str>,
) -> Result<String, Rejected> {
    // Broken text has tokens and a tree as well.
    let read = || files.read(root).map_err(|error: ReadError| unreadable(root, &error));
    match stage {
        Stage::Tokens => Ok(prism_syntax::dump::tokens(&read()?)),
        Stage::Ast => {
            let text = read()?;
            Ok(prism_syntax::dump::ast(&text, &prism_syntax::parse(&text)))
        }
        Stage::Hir => Ok(hir(&checked(files, root, shown)?)),
        Stage::Ir => {
            let mut module = lowered(&checked(files, root, &shown)?)?;
            optimized(&mut module, options.level, shown)?;
            Ok(prism_ir::print(&module))
        }
        Stage::Bytecode => {
            let program = checked(files, root, &shown)?;
            let mut module = lowered(&program)?;
            optimized(&mut module, options.level, shown)?;
            let verified = emitted(&program, &module)?;
            Ok(prism_bytecode::disassemble(verified.module()))
        }
    }
}

/// The bodies of the root file as the compiler's own notation for data.
fn hir(program: &Program) -> String {
    let mut text = String::new();
    for item in prism_hir::item_tree(&program.db, program.root).bodies() {
        let body = prism_hir::body(&program.db, item);
        let name = item.name(&program.db);
        let name = if name.is_empty() { "module" } else { name };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}: {body:#?}\n");
    }
    text
}
