//! The parts of a type, one level down.

use crate::types::{Fact, ObjectType, Type, TypeId, Types};

impl Types {
    /// The type with something else in the place of each part: elements, fields, members and what
    /// a name stands for. A function stays as it is: what its parts are differs from use to use.
    pub(crate) fn with_parts(
        &mut self,
        id: TypeId,
        part: &mut dyn FnMut(&mut Types, Fact) -> Fact,
    ) -> TypeId {
        match self.get(id).clone() {
            Type::Array(element) => {
                let element = part(self, element);
                self.array(element)
            }
            Type::Tuple(elements) => {
                let elements = elements.iter().map(|element| part(self, *element)).collect();
                self.intern(Type::Tuple(elements))
            }
            Type::Object(object) => {
                let mut object = ObjectType::clone(&object);
                for field in &mut object.fields {
                    field.fact = part(self, field.fact);
                }
                self.object(object)
            }
            Type::Union(members) => {
                let members =
                    members.iter().map(|member| part(self, Fact::of(*member)).ty).collect();
                self.declared_union(members)
            }
            Type::Alias { name, target } => {
                let target = part(self, Fact::of(target)).ty;
                self.intern(Type::Alias { name, target })
            }
            Type::Any
            | Type::Error
            | Type::Never
            | Type::Null
            | Type::Gap
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Agent
            | Type::BoolLiteral(_)
            | Type::NumberLiteral(_)
            | Type::TextLiteral(_)
            | Type::Function(_) => id,
        }
    }
}
