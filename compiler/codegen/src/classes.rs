//! Groups values that would like to share a register: what regions pass to each other, and what
//! an update makes of a container. A wish, not a promise: two values of a class may be alive at
//! the same time, and then they live apart.

use la_arena::ArenaMap;
use prism_bytecode::Reg;
use prism_ir::function::{Function, OpId, Value};
use prism_ir::op::{Exit, OpKind};

use crate::analyse::Analysis;

pub(crate) struct Classes {
    parent: ArenaMap<Value, Value>,
    regs: ArenaMap<Value, Reg>,
}

impl Classes {
    pub fn new(function: &Function, analysis: &Analysis) -> Classes {
        let mut classes = Classes { parent: ArenaMap::default(), regs: ArenaMap::default() };
        for (_, op) in function.ops.iter() {
            match &op.kind {
                OpKind::Loop { initial, body } => {
                    classes.unite_all(analysis, initial, &function.regions[*body].params);
                }
                OpKind::ArrayPush { array: container, .. }
                | OpKind::ArraySpread { array: container, .. }
                | OpKind::ObjectSet { object: container, .. }
                | OpKind::ObjectSpread { object: container, .. }
                | OpKind::IndexSet { container, .. }
                | OpKind::Update { container, .. } => {
                    classes.unite_all(analysis, &[*container], &op.results);
                }
                kind => {
                    for region in kind.regions() {
                        if let Exit::Yield(values) = &function.regions[region].exit {
                            classes.unite_all(analysis, values, &op.results);
                        }
                    }
                }
            }
        }
        for (_, region) in function.regions.iter() {
            match &region.exit {
                Exit::Break { target, values } => {
                    classes.unite_all(analysis, values, &function.ops[*target].results);
                }
                Exit::Continue { target, values } => {
                    classes.unite_all(analysis, values, params(function, *target));
                }
                Exit::Yield(_) | Exit::Return(_) | Exit::Throw(_) | Exit::Unreachable => {}
            }
        }
        classes
    }

    fn unite_all(&mut self, analysis: &Analysis, left: &[Value], right: &[Value]) {
        for (left, right) in left.iter().zip(right) {
            if analysis.has_register(*left) && analysis.has_register(*right) {
                let (left, right) = (self.root(*left), self.root(*right));
                if left != right {
                    self.parent.insert(left, right);
                }
            }
        }
    }

    fn root(&mut self, value: Value) -> Value {
        let mut root = value;
        while let Some(&parent) = self.parent.get(root) {
            root = parent;
        }
        let mut at = value;
        while let Some(&parent) = self.parent.get(at) {
            self.parent.insert(at, root);
            at = parent;
        }
        // The root must not become its own parent.
        self.parent.remove(root);
        root
    }

    /// The register that the class of a value would like.
    pub fn wish(&mut self, value: Value) -> Option<Reg> {
        let root = self.root(value);
        self.regs.get(root).copied()
    }

    /// A value of the class lives here now. What a region passes on decides for the others.
    pub fn settle(&mut self, value: Value, reg: Reg, is_passed: bool) {
        let root = self.root(value);
        if is_passed || !self.regs.contains_idx(root) {
            self.regs.insert(root, reg);
        }
    }
}

/// What a loop carries.
pub(crate) fn params(function: &Function, op: OpId) -> &[Value] {
    match &function.ops[op].kind {
        OpKind::Loop { body, .. } => &function.regions[*body].params,
        other => unreachable!("the verifier has seen that it is a loop: {other:?}"),
    }
}
