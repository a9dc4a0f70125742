//! `prism audit`: whether a run's record is whole, and the record itself.

use std::process::ExitCode;

use prism_cli::program::Refused;
use prism_cli::{report, words};
use prism_engine::{Audited, audit, export};
use prism_journal::Digest;
use serde_json::json;

use crate::args::{self, AuditVerb};
use crate::deliver::{self, engine};
use crate::terminal::{Terminal, print, print_error};
use crate::verbs::resume::Opened;

pub fn run(args: &args::Audit, terminal: Terminal) -> ExitCode {
    match &args.what {
        AuditVerb::Verify(verify) => match verified(verify) {
            Ok(audited) => shown(&audited, verify.output.json, terminal),
            Err(refused) => deliver::refused(&refused, verify.output.json, terminal),
        },
        AuditVerb::Export(export) => match exported(export) {
            Ok(()) => ExitCode::SUCCESS,
            Err(refused) => deliver::refused(&refused, false, terminal),
        },
    }
}

fn verified(args: &args::AuditVerify) -> Result<Audited, Refused> {
    let head = match &args.head {
        Some(text) => {
            Some(text.parse::<Digest>().map_err(|_| Refused::Usage(words::no_head(text)))?)
        }
        None => None,
    };
    let opened = Opened::named(&args.of)?;
    audit(&*opened.store, opened.run, head).map_err(|error| engine(&error))
}

fn shown(audited: &Audited, json: bool, terminal: Terminal) -> ExitCode {
    let Audited { run, n_entries, n_blobs, head, has_expected } = audited;
    if json {
        let object = json!({
            "run": run.to_string(),
            "whole": has_expected,
            "entries": n_entries,
            "blobs": n_blobs,
            "head": head.to_string(),
        });
        print(&format!("{object}\n"));
    } else if *has_expected {
        print(&format!("whole: {n_entries} entries, {n_blobs} stored values\nhead {head}\n"));
    }
    if *has_expected {
        return ExitCode::SUCCESS;
    }
    print_error(&words::head_is_gone(&run.to_string()).render(terminal.color));
    ExitCode::from(report::FAILED)
}

fn exported(args: &args::AuditExport) -> Result<(), Refused> {
    let opened = Opened::named(&args.of)?;
    for entry in export(&*opened.store, opened.run).map_err(|error| engine(&error))? {
        print(&format!("{entry}\n"));
    }
    Ok(())
}
