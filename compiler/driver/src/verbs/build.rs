//! `prismc build`: an artifact, or the text of a stage on the way to it.

use std::path::Path;
use std::process::ExitCode;

use prism_driver::{CLEAN, ERRORS, Level, Options, Rejected};

use crate::args::{Build, Stage};
use crate::output::{self, usage};

pub fn run(args: &Build, color: bool) -> ExitCode {
    let options = Options { level: if args.level == 0 { Level::None } else { Level::Full } };
    let bytes = match args.emit {
        Some(stage) => prism_driver::emit_file(&args.file, &options, emitted(stage))
            .map(|text| (text.into_bytes(), String::new())),
        None => prism_driver::compile_file(&args.file, &options).map(|compiled| {
            let mut told = compiled.report.render(color);
            if args.explain {
                told.extend(compiled.rewrites.iter().map(|rewrite| format!("{rewrite}\n")));
            }
            (compiled.bytes, told)
        }),
    };
    match bytes {
        Ok((bytes, told)) => {
            output::print_error(&told);
            deliver(args, &bytes)
        }
        Err(rejected) => {
            output::print_error(&rejected.render(color));
            match rejected {
                Rejected::Unreadable(_) => usage(),
                Rejected::Errors(_) | Rejected::Internal(_) => ERRORS,
            }
        }
    }
}

fn emitted(stage: Stage) -> prism_driver::Stage {
    match stage {
        Stage::Tokens => prism_driver::Stage::Tokens,
        Stage::Ast => prism_driver::Stage::Ast,
        Stage::Hir => prism_driver::Stage::Hir,
        Stage::Ir => prism_driver::Stage::Ir,
        Stage::Bytecode => prism_driver::Stage::Bytecode,
    }
}

/// Text goes to standard output unless a file is named; an artifact always needs a name.
fn deliver(args: &Build, bytes: &[u8]) -> ExitCode {
    match &args.output {
        Some(path) if path != Path::new("-") => match std::fs::write(path, bytes) {
            Ok(()) => CLEAN,
            Err(error) => {
                output::print_error(&format!("error: `{}`: {error}\n", path.display()));
                usage()
            }
        },
        None if args.emit.is_none() => {
            output::print_error("error: an artifact needs a place: add `-o OUT`\n");
            usage()
        }
        Some(_) | None => {
            output::print_bytes(bytes);
            CLEAN
        }
    }
}
