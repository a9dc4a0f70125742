//! Effects, fibers, handlers, and what fails on purpose.

use prism_bytecode::{Clause, Handler, Inst, native, number_constant};
use prism_ir::function::{OpId, Text, Value};
use prism_ir::op::OpKind;

use super::Emit;
use crate::module::Role;

impl Emit<'_> {
    pub(super) fn call(&mut self, id: OpId, kind: &OpKind) {
        match kind {
            OpKind::Call { function, args } => self.call_function(id, *function, args),
            OpKind::CallValue { callee, args } => self.call_value(id, *callee, args),
            OpKind::CallMethod { object, name, optional, args } => {
                self.call_method(id, *object, name, *optional, args);
            }
            OpKind::CallNative { native, args } => self.call_native(id, native, args),
            OpKind::Native(name) => self.native_value(id, name),
            OpKind::Offer { callee, args } => self.offer(id, *callee, args),
            OpKind::Perform { effect, site, args } => {
                let window = self.window(id, args);
                let to = self.result(id);
                let site = self.tables.builder.site(effect, site);
                let word = self.word(site.0, "effects");
                self.asm.op_with(Inst::Perform(to, window, args.len() as u8), word);
                self.done(id);
            }
            OpKind::Spawn { callee } => {
                let window = self.window(id, &[*callee]);
                let to = self.result(id);
                self.asm.op(Inst::Spawn(to, window, 0));
                self.done(id);
            }
            OpKind::Join { fiber } => self.simple(id, *fiber, Inst::Join),
            OpKind::JoinAny { fibers } => self.simple(id, *fibers, Inst::JoinAny),
            OpKind::Cancel { fiber } => {
                let fiber = self.src(*fiber);
                self.asm.op(Inst::Cancel(fiber));
                self.finish(id);
            }
            OpKind::Fail { code, message } => {
                self.throw_error(code, message);
                self.result(id);
                self.done(id);
            }
            OpKind::Handle { body, clauses, on_return } => {
                self.handle(id, *body, clauses, *on_return);
            }
            OpKind::Resume { resume, value } => self.resume(id, *resume, *value),
            other => unreachable!("no call: {other:?}"),
        }
    }

    /// A function of the machine as a value, or the number that a name stands for.
    fn native_value(&mut self, id: OpId, name: &Text) {
        let to = self.result(id);
        match (number_constant(name), native(name).map(|id| u16::try_from(id.0))) {
            (Some(number), _) => self.load_number(number, to),
            (None, Some(Ok(native))) => self.asm.op(Inst::LoadNative(to, native)),
            (None, Some(Err(_)) | None) => self.unknown(name),
        }
        self.done(id);
    }

    /// Throws that a name is not defined.
    pub(super) fn unknown(&mut self, name: &Text) {
        let word = self.text_word(name);
        self.asm.op_with(Inst::UnknownName(), word);
    }

    fn handle(
        &mut self,
        id: OpId,
        body: Value,
        clauses: &[(Text, Value)],
        on_return: Option<Value>,
    ) {
        let functions: Vec<Value> = std::iter::once(body)
            .chain(clauses.iter().map(|(_, clause)| *clause))
            .chain(on_return)
            .collect();
        let table = clauses
            .iter()
            .map(|(effect, clause)| Clause {
                effect: self.tables.builder.string(effect),
                resumes_last: self.resumes_last(*clause),
            })
            .collect();
        let handler = Handler { clauses: table, has_return: on_return.is_some() };
        let handler = self.tables.builder.handler(handler);
        let window = self.window(id, &functions);
        let to = self.result(id);
        let word = self.word(handler.0, "handlers");
        let n_clauses = functions.len() as u8 - 1;
        self.asm.op_with(Inst::Handle(to, window, n_clauses), word);
        self.done(id);
    }

    fn resumes_last(&self, clause: Value) -> bool {
        let maker = self.analysis.maker.get(clause).map(|op| &self.function.ops[*op].kind);
        match maker {
            Some(OpKind::Closure { function, .. }) => {
                self.tables.role(*function) == Role::LastClause
            }
            _ => false,
        }
    }

    /// In a clause that resumes at its end, the answer is the result.
    fn resume(&mut self, id: OpId, resume: Value, value: Value) {
        match self.role {
            Role::LastClause => {
                let from = self.taken(id, value);
                let to = self.result(id);
                if to != from {
                    self.asm.op(Inst::Move(to, from));
                }
            }
            Role::Function | Role::Clause => {
                let from = self.taken(id, value);
                let resume = self.src(resume);
                let to = self.result(id);
                self.asm.op(Inst::Resume(to, resume, from));
            }
        }
        self.done(id);
    }
}
