//! Shapes: the keys of objects, shared by all objects that were built the same way.
//!
//! A shape is an ordered list of keys. Adding a key leads to another shape, always the same one,
//! so that an instruction can remember where a key was for a shape it has seen. Objects with many
//! keys, and programs that make very many shapes, use dictionaries instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// A key that some shape has, or that the program names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AtomId(pub(crate) u32);

/// A shape; 0 is no shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ShapeId(pub(crate) u32);

/// Keys beyond this make an object a dictionary.
const MAX_KEYS: usize = 32;
/// Longer keys, in bytes, make an object a dictionary: what a shape names lives on.
const MAX_KEY: usize = 128;
/// Shapes beyond this are not made.
const MAX_SHAPES: usize = 1 << 14;

#[derive(Default)]
struct Shape {
    keys: Box<[AtomId]>,
    is_error: bool,
}

pub(crate) struct Shapes {
    shapes: Vec<Shape>,
    next: FxHashMap<(ShapeId, AtomId), ShapeId>,
    names: Vec<Arc<str>>,
    /// Keys may come from anywhere: a tree has no bad ones.
    atoms: BTreeMap<Arc<str>, AtomId>,
}

impl Default for Shapes {
    fn default() -> Shapes {
        let shape = |is_error| Shape { keys: Box::default(), is_error };
        Shapes {
            shapes: vec![shape(false), shape(false), shape(true)],
            next: FxHashMap::default(),
            names: Vec::new(),
            atoms: BTreeMap::new(),
        }
    }
}

impl Shapes {
    /// The object without keys.
    pub(crate) const EMPTY: ShapeId = ShapeId(1);
    /// The error object without keys; what grows from it is an error object.
    pub(crate) const ERROR: ShapeId = ShapeId(2);

    /// The atom of a key, made if need be.
    pub(crate) fn atom(&mut self, key: &Arc<str>) -> AtomId {
        if let Some(&atom) = self.atoms.get(key) {
            return atom;
        }
        let atom = AtomId(self.names.len() as u32);
        self.names.push(key.clone());
        self.atoms.insert(key.clone(), atom);
        atom
    }

    /// The atom of a key, if any shape or name ever used it.
    pub(crate) fn find_atom(&self, key: &str) -> Option<AtomId> {
        self.atoms.get(key).copied()
    }

    pub(crate) fn name(&self, atom: AtomId) -> &Arc<str> {
        &self.names[atom.0 as usize]
    }

    pub(crate) fn keys(&self, shape: ShapeId) -> &[AtomId] {
        &self.shapes[shape.0 as usize].keys
    }

    pub(crate) fn is_error(&self, shape: ShapeId) -> bool {
        self.shapes[shape.0 as usize].is_error
    }

    /// The position of a key.
    pub(crate) fn find(&self, shape: ShapeId, atom: AtomId) -> Option<usize> {
        self.keys(shape).iter().position(|&key| key == atom)
    }

    /// The shape with one key more; `None` when it is time for a dictionary.
    pub(crate) fn add(&mut self, shape: ShapeId, key: &Arc<str>) -> Option<ShapeId> {
        let n_keys = self.keys(shape).len();
        if let Some(atom) = self.find_atom(key)
            && let Some(&next) = self.next.get(&(shape, atom))
        {
            return Some(next);
        }
        if n_keys >= MAX_KEYS || key.len() > MAX_KEY || self.shapes.len() >= MAX_SHAPES {
            return None;
        }
        let atom = self.atom(key);
        let mut keys = Vec::with_capacity(n_keys + 1);
        keys.extend_from_slice(self.keys(shape));
        keys.push(atom);
        let next = ShapeId(self.shapes.len() as u32);
        let is_error = self.is_error(shape);
        self.shapes.push(Shape { keys: keys.into(), is_error });
        self.next.insert((shape, atom), next);
        Some(next)
    }
}
