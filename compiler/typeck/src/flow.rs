//! Inference of one item: a walk through its body that knows, at every point, what each
//! variable can hold there.
//!
//! In: a body and a [`World`]. Out: an [`Inference`].
//! In between is [`Infer`]: the facts so far and the state of the walk. The walk follows control
//! flow. A branch is walked from the state where it starts and the states are joined where the
//! branches meet ([`env`]); a loop is walked until its head holds ([`loops`]); conditions narrow
//! what follows them ([`condition`]).
//!
//! Nothing here fails. What cannot be known is `any`, and only what is certain to be a mistake
//! becomes an error.

mod binding;
mod call;
mod compare;
mod condition;
mod confident;
mod copy;
mod effect;
mod env;
mod expr;
mod function;
mod lint;
mod literal;
mod loops;
mod matching;
mod member;
mod method;
mod name;
mod nullable;
mod operator;
mod pattern;
mod place;
mod recursion;
mod report;
mod secret;
mod stmt;
mod uncertain;

use std::sync::Arc;

use prism_hir::body::{Body, ExprId, LambdaId, LocalId};
use rustc_hash::FxHashMap;

use crate::effects::Effects;
use crate::errors::Problem;
use crate::inference::{EffectUse, Inference, RootType, index_of};
use crate::secrets::{Owner, Sources};
use crate::types::{Fact, Text, TypeId, Types};
use crate::world::{Typed, World};

use env::{Branch, Env, Mark};

/// What kind of item a body belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// A function: effects go to its callers.
    Function,
    /// The statements of a module: nothing but the host is around them, and sees what they give.
    Module,
    /// The statements of a test: nothing but the host is around them.
    Test,
}

/// Infers one body.
pub fn infer_body(world: &dyn World, body: &Body, root: Root) -> Inference {
    let mut infer = Infer::new(world, body, root);
    let function = infer.infer_root();
    infer.types.freeze();
    Inference {
        types: infer.types,
        exprs: infer.exprs,
        locals: infer.locals,
        functions: infer.functions,
        root: RootType(function),
        uses: infer.uses,
        problems: infer.problems,
    }
}

/// Expressions and statements nested deeper than this are not looked at.
const MAX_NESTING: u32 = 150;

pub(crate) struct Infer<'a> {
    world: &'a dyn World,
    body: &'a Body,
    root: Root,
    types: Types,
    env: Env,
    exprs: Vec<Fact>,
    /// The join of everything each variable was given.
    locals: Vec<Fact>,
    /// What annotations of variables declare.
    declared: Vec<Option<Fact>>,
    /// The expression that gave each variable its only value.
    initialisers: Vec<Option<ExprId>>,
    functions: Vec<TypeId>,
    /// Functions whose body is being walked, outermost first.
    frames: Vec<Frame>,
    /// Names of other items, by the address of what the world answered.
    imported: FxHashMap<usize, (Arc<Typed>, Fact)>,
    /// Types of built-in functions, by name.
    builtins: FxHashMap<Text, Fact>,
    problems: Vec<Problem>,
    uses: Vec<EffectUse>,
    /// Lambdas that are being walked, and what was asked of them meanwhile.
    pending: Vec<LambdaId>,
    deferred: Vec<(LambdaId, LambdaId)>,
    /// Calls of a function to itself, outside of the functions inside of it.
    self_calls: Vec<(Option<LambdaId>, ExprId)>,
    /// The local that a nested function is declared as.
    declarations: FxHashMap<LocalId, LambdaId>,
    /// Variables written inside a `try` that does not declare them.
    written_in_try: Vec<LocalId>,
    /// What the clauses around answer, innermost last.
    answers: Vec<Option<(Text, Fact)>>,
    /// Where secrets come from.
    sources: Sources,
    /// Operations that the handlers around answer.
    handled: Vec<Text>,
    /// The operators of chains whose operands are being walked, the first of each last.
    chain: Vec<ExprId>,
    /// Inside this many `try` blocks with a `catch`.
    caught: u32,
    nesting: u32,
    /// Inside this many alternatives of conditions.
    n_alternatives: u32,
    /// Walks of expressions so far; loops become coarse when there are too many.
    n_visits: usize,
}

/// A function whose body is being walked.
pub(crate) struct Frame {
    lambda: Option<LambdaId>,
    owner: Owner,
    effects: Effects,
    /// The join of what `return` gives.
    returned: Fact,
    declared_result: Option<Fact>,
    loops: Vec<LoopFrame>,
}

/// A loop or `switch` whose body is being walked.
pub(crate) struct LoopFrame {
    head: Mark,
    /// `break` leaves a `switch` too, `continue` does not see it.
    is_switch: bool,
    breaks: Vec<Branch>,
    continues: Vec<Branch>,
}

/// What a second walk over the same code forgets of the first.
struct Checkpoint {
    n_problems: usize,
    n_uses: usize,
}

impl<'a> Infer<'a> {
    fn new(world: &'a dyn World, body: &'a Body, root: Root) -> Infer<'a> {
        let n_locals = body.locals.len();
        let written_in_try = body.locals.iter().filter(|(_, local)| local.is_assigned_in_try);
        Infer {
            world,
            body,
            root,
            types: Types::with_room(),
            env: Env::new(n_locals),
            exprs: vec![Fact::ANY; body.exprs.len()],
            locals: vec![Fact::NEVER; n_locals],
            declared: vec![None; n_locals],
            initialisers: vec![None; n_locals],
            functions: vec![TypeId::ANY; body.functions.len()],
            frames: Vec::new(),
            imported: FxHashMap::default(),
            builtins: FxHashMap::default(),
            problems: Vec::new(),
            uses: Vec::new(),
            pending: Vec::new(),
            deferred: Vec::new(),
            self_calls: Vec::new(),
            declarations: FxHashMap::default(),
            written_in_try: written_in_try.map(|(local, _)| local).collect(),
            answers: Vec::new(),
            sources: Sources::default(),
            handled: Vec::new(),
            chain: Vec::new(),
            caught: 0,
            nesting: 0,
            n_alternatives: 0,
            n_visits: 0,
        }
    }

    fn fact(&self, expr: ExprId) -> Fact {
        self.exprs[index_of(expr)]
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the walk is inside a function")
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint { n_problems: self.problems.len(), n_uses: self.uses.len() }
    }

    fn forget_since(&mut self, checkpoint: &Checkpoint) {
        self.problems.truncate(checkpoint.n_problems);
        self.uses.truncate(checkpoint.n_uses);
    }
}
