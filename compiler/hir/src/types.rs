//! Types as written, without spans.

use prism_diagnostics::nearest;
use prism_span::Span;
use prism_syntax::ast::{self, TypeKind};
use prism_syntax::literal;

use crate::body::{Bits, Text, TypeField, TypeRef};
use crate::problem::ProblemKind;
use crate::scope::{Binding, ModuleScope};
use crate::slice::Tree;

/// Reads a type. `T[k]` of an index key makes an object open.
pub(crate) fn type_ref(tree: &Tree, id: ast::TypeId) -> TypeRef {
    let ast = &tree.ast;
    let text = &*tree.text;
    let all = |types: ast::List<ast::TypeId>| -> Vec<TypeRef> {
        ast[types].iter().map(|ty| type_ref(tree, *ty)).collect()
    };
    let node = ast[id];
    match node.kind {
        TypeKind::Error => TypeRef::Error,
        TypeKind::Name { name, args } => named(name.text(text), all(args)),
        TypeKind::Null => TypeRef::Null,
        TypeKind::Bool(value) => TypeRef::BoolLiteral(value),
        TypeKind::Number => TypeRef::NumberLiteral(number(node.span.slice(text))),
        TypeKind::Text(_) => TypeRef::TextLiteral(literal::string(node.span.slice(text)).into()),
        TypeKind::Paren(inner) => type_ref(tree, inner),
        TypeKind::Array(element) => TypeRef::Array(Box::new(type_ref(tree, element))),
        TypeKind::Tuple(elements) => TypeRef::Tuple(all(elements)),
        TypeKind::Object { fields, is_open } => object(tree, fields, is_open),
        TypeKind::Union(members) => union(all(members)),
        TypeKind::Function { params, result, uses } => {
            let params = &ast[params];
            TypeRef::Function {
                params: params.iter().map(|param| type_ref(tree, param.ty)).collect(),
                rest: params.iter().any(|param| param.is_rest),
                result: Box::new(result_type(tree, result)),
                uses: uses.map(|uses| names(tree, uses.names)),
            }
        }
        TypeKind::Confident { base, at_least, level } => TypeRef::Confident {
            base: Box::new(type_ref(tree, base)),
            at_least: number(at_least.slice(text)),
            level,
        },
    }
}

/// The names of a list.
pub(crate) fn names(tree: &Tree, names: ast::List<ast::Name>) -> Vec<Text> {
    tree.ast[names].iter().map(|name| name.text(&tree.text).into()).collect()
}

/// The text of a key; `None` for a computed one.
pub(crate) fn key(tree: &Tree, key: ast::FieldKey) -> Option<Text> {
    let text = &*tree.text;
    match key {
        ast::FieldKey::Name(name) => Some(name.text(text).into()),
        ast::FieldKey::Text(literal) => Some(literal::string(literal.span.slice(text)).into()),
        ast::FieldKey::Number(span) => {
            Some(crate::numbers::text(literal::number(span.slice(text))).into())
        }
        ast::FieldKey::Computed(_) => None,
    }
}

fn number(text: &str) -> Bits {
    Bits::new(literal::number(text))
}

fn union(mut members: Vec<TypeRef>) -> TypeRef {
    match members.len() {
        1 => members.remove(0),
        _ => TypeRef::Union(members),
    }
}

fn object(tree: &Tree, fields: ast::List<ast::TypeField>, is_open: bool) -> TypeRef {
    let mut is_open = is_open;
    let mut known = Vec::new();
    for field in &tree.ast[fields] {
        if field.is_index {
            is_open = true;
        } else if let Some(name) = key(tree, field.key) {
            let ty = type_ref(tree, field.ty);
            known.push(TypeField { name, optional: field.optional, ty });
        }
    }
    TypeRef::Object { fields: known, is_open }
}

/// The result of a function type: where it is `void`, nobody looks at it, so anything fits.
fn result_type(tree: &Tree, id: ast::TypeId) -> TypeRef {
    match tree.ast[id].kind {
        TypeKind::Name { name, args } if args.is_empty() && name.text(&tree.text) == "void" => {
            TypeRef::Any
        }
        _ => type_ref(tree, id),
    }
}

fn named(name: &str, mut args: Vec<TypeRef>) -> TypeRef {
    match (name, args.len()) {
        ("any" | "unknown", 0) => TypeRef::Any,
        ("number", 0) => TypeRef::Number,
        ("string", 0) => TypeRef::Text,
        ("secret", 0) => TypeRef::Secret,
        ("boolean", 0) => TypeRef::Boolean,
        ("null" | "undefined" | "void", 0) => TypeRef::Null,
        ("Array", 1) => TypeRef::Array(Box::new(args.remove(0))),
        ("Record", 2) => TypeRef::Object { fields: Vec::new(), is_open: true },
        ("", _) => TypeRef::Error,
        _ => TypeRef::Named { name: name.into(), args },
    }
}

/// Type names that every program has, beside those with a [`TypeRef`] of their own.
pub const BUILT_IN: &[&str] =
    &["Agent", "Array", "Object", "object", "Function", "Promise", "Error", "Record", "never"];

/// The names in a type that no type has, and bounds that no value meets, with what to say about
/// them.
pub(crate) fn unknown_names(
    tree: &Tree,
    id: ast::TypeId,
    scope: &ModuleScope,
    params: &[&str],
    unknown: &mut Vec<(Span, ProblemKind)>,
) {
    let ast = &tree.ast;
    let mut inner = |ty: ast::TypeId| unknown_names(tree, ty, scope, params, unknown);
    match ast[id].kind {
        TypeKind::Error
        | TypeKind::Null
        | TypeKind::Bool(_)
        | TypeKind::Number
        | TypeKind::Text(_) => {}
        TypeKind::Paren(ty) | TypeKind::Array(ty) => inner(ty),
        TypeKind::Confident { base, at_least, .. } => {
            inner(base);
            let value = number(at_least.slice(&tree.text));
            if !(0.0..=1.0).contains(&value.value()) {
                unknown.push((at_least, ProblemKind::BoundOutOfRange { value }));
            }
        }
        TypeKind::Tuple(types) | TypeKind::Union(types) => {
            ast[types].iter().for_each(|ty| inner(*ty));
        }
        TypeKind::Object { fields, .. } => ast[fields].iter().for_each(|field| inner(field.ty)),
        TypeKind::Function { params, result, .. } => {
            ast[params].iter().for_each(|param| inner(param.ty));
            inner(result);
        }
        TypeKind::Name { name, args } => {
            ast[args].iter().for_each(|ty| inner(*ty));
            match unknown_name(name, &tree.text, scope, params) {
                Some(problem) => unknown.push(problem),
                None => {
                    let given = ast[args].len();
                    unknown.extend(wrong_arguments(name, given, &tree.text, scope, params));
                }
            }
        }
    }
}

fn unknown_name(
    name: ast::Name,
    text: &str,
    scope: &ModuleScope,
    params: &[&str],
) -> Option<(Span, ProblemKind)> {
    let word = name.text(text);
    let is_known = name.is_missing()
        || PRIMITIVE.contains(&word)
        || BUILT_IN.contains(&word)
        || params.contains(&word)
        || scope.types.contains_key(word)
        || scope.broken.contains(word)
        || scope.names.get(word) == Some(&Binding::Missing);
    if is_known {
        return None;
    }
    let own = scope.types.keys().map(|name| &**name);
    let known = PRIMITIVE.iter().chain(BUILT_IN).copied().chain(params.iter().copied()).chain(own);
    let nearest = elsewhere(word).or_else(|| nearest(word, known)).map(Text::from);
    Some((name.span, ProblemKind::UnknownType { name: word.into(), nearest }))
}

/// A name that takes another number of types. With none it stands for any of them.
fn wrong_arguments(
    name: ast::Name,
    given: usize,
    text: &str,
    scope: &ModuleScope,
    params: &[&str],
) -> Option<(Span, ProblemKind)> {
    let word = name.text(text);
    let wanted = match word {
        _ if name.is_missing() => return None,
        _ if params.contains(&word) => 0,
        _ => match (scope.types.get(word), word) {
            (Some(wanted), _) => *wanted,
            (None, "Array" | "Promise") => 1,
            (None, "Record") => 2,
            (None, _) if PRIMITIVE.contains(&word) || BUILT_IN.contains(&word) => 0,
            (None, _) => return None,
        },
    };
    let is_right = given == 0 || given == wanted;
    (!is_right)
        .then(|| (name.span, ProblemKind::TypeArguments { name: word.into(), given, wanted }))
}

/// What a type of another language is called here.
fn elsewhere(word: &str) -> Option<&'static str> {
    Some(match word {
        "int" | "integer" | "float" | "double" | "i8" | "i16" | "i32" | "i64" | "u8" | "u16"
        | "u32" | "u64" | "isize" | "usize" | "f32" | "f64" => "number",
        "str" | "text" | "char" => "string",
        "bool" => "boolean",
        "list" | "List" | "Vec" | "vec" => "Array",
        "dict" | "Dict" | "Map" | "HashMap" => "Record",
        "None" | "nil" | "unit" => "null",
        _ => return None,
    })
}

/// Type names that are read into a [`TypeRef`] of their own.
const PRIMITIVE: &[&str] =
    &["any", "boolean", "null", "number", "secret", "string", "undefined", "unknown", "void"];
