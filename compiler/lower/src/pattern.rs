//! Lowers patterns: binding in declarations and parameters, testing in `match`.

use prism_hir::body::{LocalId, PatElement, PatField, PatId, PatKind};
use prism_ir::function::{Facts, OpId, Source, Ty, Value};
use prism_ir::op::{ConfidenceOp, Const, Exit, OpKind, PatternOp};

use crate::function::Cx;

impl<'a, 'db> Cx<'a, '_, 'db> {
    fn pat_source(&self, pat: PatId) -> Source {
        self.source(self.item.spans.pat(pat))
    }

    /// The variables a pattern declares, in order.
    pub fn pat_locals(&self, pat: PatId, into: &mut Vec<LocalId>) {
        match &self.item.body.pats[pat].kind {
            PatKind::Bind(local) => into.push(*local),
            PatKind::Array { elements, rest } => {
                elements.iter().for_each(|element| self.pat_locals(element.pat, into));
                rest.iter().for_each(|rest| self.pat_locals(*rest, into));
            }
            PatKind::Object { fields, rest } => {
                fields.iter().for_each(|field| self.pat_locals(field.pat, into));
                rest.iter().for_each(|rest| self.pat_locals(*rest, into));
            }
            PatKind::Or(pats) => pats.iter().for_each(|pat| self.pat_locals(*pat, into)),
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Assign(_)
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null => {}
        }
    }

    /// Binds the names of a pattern. `inherited` is the threshold of the pattern around it:
    /// it governs the elements that have none of their own.
    pub fn bind_pat(&mut self, pat: PatId, value: Value, inherited: Option<Value>) {
        let source = self.pat_source(pat);
        let data = &self.item.body.pats[pat];
        let own = data.threshold.map(|threshold| self.expr(threshold));
        let threshold = own.or(inherited);
        match &data.kind {
            PatKind::Bind(local) => {
                let value = self.null_below(value, threshold, source);
                self.declare(*local, value, source);
            }
            PatKind::Assign(place) => {
                let value = self.null_below(value, threshold, source);
                self.assign_value(place, value, source);
            }
            PatKind::Array { elements, rest } => {
                let array = self.pattern(PatternOp::ExpectArray, value, Ty::Array, source);
                self.bind_elements(elements, *rest, array, threshold, source);
            }
            PatKind::Object { fields, rest } => {
                let object = self.pattern(PatternOp::ExpectObject, value, Ty::Object, source);
                self.bind_fields(fields, *rest, object, threshold, source);
            }
            PatKind::Error
            | PatKind::Wildcard
            | PatKind::Number(_)
            | PatKind::Text(_)
            | PatKind::Bool(_)
            | PatKind::Null
            | PatKind::Or(_) => {}
        }
    }

    fn pattern(&mut self, op: PatternOp, value: Value, ty: Ty, source: Source) -> Value {
        let facts = match ty {
            Ty::Any => Facts::ANY,
            ty => Facts::plain(ty),
        };
        self.b.push(OpKind::Pattern { op, value }, facts, source)
    }

    /// `value`, or null when its confidence is below the threshold.
    fn null_below(&mut self, value: Value, threshold: Option<Value>, source: Source) -> Value {
        let Some(right) = threshold else { return value };
        let op = ConfidenceOp::AtLeast;
        let kind = OpKind::Confidence { op, left: value, right };
        let enough = self.b.push(kind, Facts::plain(Ty::Boolean), source);
        self.choose(enough, source, |_| value, |cx| cx.null(source))
    }

    fn bind_elements(
        &mut self,
        elements: &'a [PatElement],
        rest: Option<PatId>,
        array: Value,
        threshold: Option<Value>,
        source: Source,
    ) {
        for (index, element) in elements.iter().enumerate() {
            let op = PatternOp::Element(index as u32);
            let mut value = self.pattern(op, array, Ty::Any, source);
            if let Some(default) = element.default {
                let op = PatternOp::IsArray { length: index as u32 + 1, at_least: true };
                let present = self.pattern(op, array, Ty::Boolean, source);
                value = self.choose(present, source, |_| value, |cx| cx.expr(default));
            }
            self.bind_inner(element.pat, value, threshold);
        }
        if let Some(rest) = rest {
            let op = PatternOp::ArrayRest(elements.len() as u32);
            let others = self.pattern(op, array, Ty::Array, source);
            let others = self.only_at_least(others, threshold, source);
            self.bind_pat(rest, others, None);
        }
    }

    fn bind_fields(
        &mut self,
        fields: &'a [PatField],
        rest: Option<PatId>,
        object: Value,
        threshold: Option<Value>,
        source: Source,
    ) {
        for field in fields {
            let op = PatternOp::Field(field.key.clone());
            let mut value = self.pattern(op, object, Ty::Any, source);
            if let Some(default) = field.default {
                let op = PatternOp::HasField(field.key.clone());
                let present = self.pattern(op, object, Ty::Boolean, source);
                value = self.choose(present, source, |_| value, |cx| cx.expr(default));
            }
            self.bind_inner(field.pat, value, threshold);
        }
        if let Some(rest) = rest {
            let keys = fields.iter().map(|field| field.key.clone()).collect();
            let others = self.pattern(PatternOp::ObjectRest(keys), object, Ty::Object, source);
            let others = self.only_at_least(others, threshold, source);
            self.bind_pat(rest, others, None);
        }
    }

    /// A nested pattern under a container that is itself below the threshold binds nulls: the
    /// container is replaced by an empty one.
    fn bind_inner(&mut self, pat: PatId, value: Value, threshold: Option<Value>) {
        let source = self.pat_source(pat);
        let data = &self.item.body.pats[pat];
        let empty = match &data.kind {
            PatKind::Array { .. } => OpKind::Array(Vec::new()),
            PatKind::Object { .. } => OpKind::Object(Vec::new()),
            _ => return self.bind_pat(pat, value, threshold),
        };
        let own = data.threshold.map(|threshold| self.expr(threshold));
        let Some(right) = own.or(threshold) else {
            return self.bind_pat(pat, value, threshold);
        };
        let op = ConfidenceOp::AtLeast;
        let kind = OpKind::Confidence { op, left: value, right };
        let enough = self.b.push(kind, Facts::plain(Ty::Boolean), source);
        let value =
            self.choose(enough, source, |_| value, |cx| cx.b.push(empty, Facts::ANY, source));
        self.bind_pat(pat, value, Some(right));
    }

    /// What a rest pattern keeps under a threshold of the whole pattern.
    fn only_at_least(&mut self, rest: Value, threshold: Option<Value>, source: Source) -> Value {
        let Some(threshold) = threshold else { return rest };
        let Some(function) = self.program.prelude_member(&"atLeast".into()) else { return rest };
        let kind = OpKind::Call { function, args: vec![rest, threshold] };
        self.b.push(kind, Facts::ANY, source)
    }

    /// Leaves `arm` unless `value` matches; binds the names on the way.
    pub fn test_pat(&mut self, pat: PatId, value: Value, inherited: Option<Value>, arm: OpId) {
        let source = self.pat_source(pat);
        let data = &self.item.body.pats[pat];
        let own = data.threshold.map(|threshold| self.expr(threshold));
        let threshold = own.or(inherited);
        if let Some(right) = threshold {
            let op = ConfidenceOp::AtLeast;
            let kind = OpKind::Confidence { op, left: value, right };
            let enough = self.b.push(kind, Facts::plain(Ty::Boolean), source);
            self.require(enough, arm, source);
        }
        match &data.kind {
            PatKind::Wildcard | PatKind::Assign(_) => {}
            PatKind::Bind(local) => self.declare(*local, value, source),
            PatKind::Number(number) => {
                self.test_const(value, Const::Number(number.value()), arm, source);
            }
            PatKind::Text(text) => self.test_const(value, Const::Text(text.clone()), arm, source),
            PatKind::Bool(bool) => self.test_const(value, Const::Bool(*bool), arm, source),
            PatKind::Null => self.test_const(value, Const::Null, arm, source),
            PatKind::Array { elements, rest } => {
                self.test_array(elements, *rest, value, threshold, arm, source);
            }
            PatKind::Object { fields, rest } => {
                self.test_object(fields, *rest, value, threshold, arm, source);
            }
            PatKind::Or(pats) => self.test_any(pats, value, threshold, arm, source),
            PatKind::Error => {
                let never = self.constant(Const::Bool(false), source);
                self.require(never, arm, source);
            }
        }
    }

    fn test_const(&mut self, value: Value, constant: Const, arm: OpId, source: Source) {
        let same = self.pattern(PatternOp::IsConst(constant), value, Ty::Boolean, source);
        self.require(same, arm, source);
    }

    fn test_array(
        &mut self,
        elements: &'a [PatElement],
        rest: Option<PatId>,
        value: Value,
        threshold: Option<Value>,
        arm: OpId,
        source: Source,
    ) {
        let op = PatternOp::IsArray { length: elements.len() as u32, at_least: rest.is_some() };
        let is_array = self.pattern(op, value, Ty::Boolean, source);
        self.require(is_array, arm, source);
        let array = self.pattern(PatternOp::ExpectArray, value, Ty::Array, source);
        for (index, element) in elements.iter().enumerate() {
            let op = PatternOp::Element(index as u32);
            let value = self.pattern(op, array, Ty::Any, source);
            self.test_pat(element.pat, value, threshold, arm);
        }
        if let Some(rest) = rest {
            let op = PatternOp::ArrayRest(elements.len() as u32);
            let others = self.pattern(op, array, Ty::Array, source);
            self.test_pat(rest, others, None, arm);
        }
    }

    fn test_object(
        &mut self,
        fields: &'a [PatField],
        rest: Option<PatId>,
        value: Value,
        threshold: Option<Value>,
        arm: OpId,
        source: Source,
    ) {
        let required = fields.iter().filter(|field| field.default.is_none());
        let keys = required.map(|field| field.key.clone()).collect();
        let is_object = self.pattern(PatternOp::IsObject(keys), value, Ty::Boolean, source);
        self.require(is_object, arm, source);
        let object = self.pattern(PatternOp::ExpectObject, value, Ty::Object, source);
        for field in fields {
            let op = PatternOp::Field(field.key.clone());
            let mut value = self.pattern(op, object, Ty::Any, source);
            if let Some(default) = field.default {
                let op = PatternOp::HasField(field.key.clone());
                let present = self.pattern(op, object, Ty::Boolean, source);
                value = self.choose(present, source, |_| value, |cx| cx.expr(default));
            }
            self.test_pat(field.pat, value, threshold, arm);
        }
        if let Some(rest) = rest {
            let keys = fields.iter().map(|field| field.key.clone()).collect();
            let others = self.pattern(PatternOp::ObjectRest(keys), object, Ty::Object, source);
            self.test_pat(rest, others, None, arm);
        }
    }

    /// `A | B`: the first that matches; every alternative binds the same names.
    fn test_any(
        &mut self,
        pats: &'a [PatId],
        value: Value,
        threshold: Option<Value>,
        arm: OpId,
        source: Source,
    ) {
        let mut names = Vec::new();
        if let Some(first) = pats.first() {
            self.pat_locals(*first, &mut names);
        }
        self.block_with_results(&names, false, source, |cx, found| {
            for pat in pats {
                cx.block_once(source, |cx, alternative| {
                    cx.test_pat(*pat, value, threshold, alternative);
                    Exit::Break { target: found, values: cx.exit_values(None, &names) }
                });
            }
            Exit::Break { target: arm, values: Vec::new() }
        });
    }
}
