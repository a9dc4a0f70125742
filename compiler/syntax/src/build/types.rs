//! Types.

use prism_span::Span;

use super::Builder;
use crate::ast::{List, Name, TypeField, TypeId, TypeKind, TypeParam, Uses};

impl Builder<'_> {
    pub fn named_type(&mut self, name: Name, args: Option<Vec<TypeId>>, span: Span) -> TypeId {
        let args = args.map_or(List::EMPTY, |args| self.ast.list(args));
        self.ty(TypeKind::Name { name, args }, span)
    }

    pub fn union_type(&mut self, first: TypeId, rest: Vec<TypeId>, span: Span) -> TypeId {
        if rest.is_empty() {
            return first;
        }
        let types = self.ast.list([first].into_iter().chain(rest));
        self.ty(TypeKind::Union(types), span)
    }

    pub fn tuple_type(&mut self, types: Vec<TypeId>, span: Span) -> TypeId {
        let types = self.ast.list(types);
        self.ty(TypeKind::Tuple(types), span)
    }

    /// `None` among the fields is `...`.
    pub fn object_type(&mut self, fields: Vec<Option<TypeField>>, span: Span) -> TypeId {
        let is_open = fields.iter().any(Option::is_none);
        let fields = self.ast.list(fields.into_iter().flatten());
        self.ty(TypeKind::Object { fields, is_open }, span)
    }

    pub fn function_type(
        &mut self,
        params: Vec<TypeParam>,
        result: TypeId,
        uses: Option<Uses>,
        span: Span,
    ) -> TypeId {
        let params = self.ast.list(params);
        self.ty(TypeKind::Function { params, result, uses }, span)
    }
}
