//! Names: what they stand for, and what reading them asks of the host.

use prism_hir::body::{ExprId, Name};
use prism_source::PRELUDE;

use crate::flow::Infer;
use crate::flow::env::PathRoot;
use crate::types::{Fact, Text, Type, TypeId};

impl Infer<'_> {
    pub(crate) fn infer_name(&mut self, name: &Name) -> Fact {
        match name {
            Name::Local(local) => self.local_fact(*local),
            Name::ModuleVar(text) => {
                let known = self.path_of_name(PathRoot::ModuleVar(text.clone()));
                known.unwrap_or_else(|| self.foreign_fact(name))
            }
            Name::ModuleFunction(_) | Name::Import { .. } | Name::Namespace { .. } => {
                self.foreign_fact(name)
            }
            Name::Builtin(text) => self.builtin_fact(text),
            Name::Host(text) => self
                .path_of_name(PathRoot::Fixed(text.clone()))
                .unwrap_or_else(|| self.host_fact(text)),
            Name::Effect(_) => Fact::ANY,
            Name::Unresolved(_) => Fact::ERROR,
        }
    }

    /// Reading a host name may be what asks for it: the prelude holds the function that does.
    pub(crate) fn note_host(&mut self, at: ExprId, name: &Name) {
        let Name::Host(text) = name else { return };
        let reader = self.prelude_function(&format!("host_{text}"));
        if let Some(Type::Function(function)) = reader.map(|ty| self.types.structure(ty).clone()) {
            self.perform(at, &function.effects);
        }
    }

    /// The type of a function that the prelude exports.
    pub(crate) fn prelude_function(&mut self, name: &str) -> Option<TypeId> {
        let import = Name::Import { module: PRELUDE.into(), name: name.into() };
        self.world.name(&import)?;
        Some(self.foreign_fact(&import).ty)
    }

    fn path_of_name(&self, root: PathRoot) -> Option<Fact> {
        if self.env.has_paths() { self.env.path(&root, &[]) } else { None }
    }

    fn foreign_fact(&mut self, name: &Name) -> Fact {
        let Some(typed) = self.world.name(name) else { return Fact::ANY };
        let key = std::sync::Arc::as_ptr(&typed) as usize;
        if let Some((_, fact)) = self.imported.get(&key) {
            return *fact;
        }
        let fact = self.types.import_fact(&typed.types, typed.fact());
        // The map keeps the answer alive, so that its address stays its own.
        self.imported.insert(key, (typed, fact));
        fact
    }

    fn builtin_fact(&mut self, name: &Text) -> Fact {
        if let Some(fact) = self.builtins.get(name) {
            return *fact;
        }
        let fact = crate::builtins::global(&mut self.types, name);
        self.builtins.insert(name.clone(), fact);
        fact
    }
}
