//! Rules 14 and 15: what functions name of each other and of the module.

use super::{Broken, VerifyError};
use crate::function::{Function, FunctionId, GlobalId, Module, Source};
use crate::op::OpKind;

pub(super) fn verify(module: &Module) -> Result<(), VerifyError> {
    for function in &module.functions {
        for (_, op) in function.ops.iter() {
            check(module, &op.kind).map_err(|broken| VerifyError {
                function: function.name.clone(),
                source: op.source,
                broken,
            })?;
        }
    }
    tables(module).map_err(|broken| VerifyError {
        function: "".into(),
        source: Source::default(),
        broken,
    })
}

fn tables(module: &Module) -> Result<(), Broken> {
    module.inputs.iter().try_for_each(|(_, id)| global(module, *id))?;
    module.methods.iter().try_for_each(|method| function(module, method.function).map(drop))?;
    let tests = module.tests.iter().map(|(_, id)| *id);
    for id in tests.chain([module.entry]) {
        let start = function(module, id)?;
        if !start.params.is_empty() || !start.captures.is_empty() {
            return Err(Broken::Entry);
        }
    }
    Ok(())
}

fn function(module: &Module, id: FunctionId) -> Result<&Function, Broken> {
    module.functions.get(id.0 as usize).ok_or(Broken::NoFunction(id.0))
}

fn global(module: &Module, id: GlobalId) -> Result<(), Broken> {
    if (id.0 as usize) < module.globals.len() { Ok(()) } else { Err(Broken::NoGlobal(id.0)) }
}

fn check(module: &Module, kind: &OpKind) -> Result<(), Broken> {
    match kind {
        OpKind::GlobalGet(id)
        | OpKind::GlobalSet { global: id, .. }
        | OpKind::UpdateGlobal { global: id, .. } => global(module, *id),
        OpKind::Call { function: id, args } => call(function(module, *id)?, args.len()),
        OpKind::Closure { function: id, captures } => {
            let function = function(module, *id)?;
            let found = captures.len();
            if function.captures.len() == found {
                return Ok(());
            }
            Err(Broken::Captures { function: function.name.clone(), found })
        }
        _ => Ok(()),
    }
}

fn call(function: &Function, found: usize) -> Result<(), Broken> {
    if !function.captures.is_empty() {
        return Err(Broken::Captures { function: function.name.clone(), found: 0 });
    }
    let takes_more = function.params.last().is_some_and(|param| param.is_rest);
    let required = function.params.iter().rev().skip_while(|p| p.is_optional || p.is_rest).count();
    if found >= required && (takes_more || found <= function.params.len()) {
        return Ok(());
    }
    Err(Broken::Args { function: function.name.clone(), found })
}
