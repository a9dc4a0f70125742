//! Registers, and the ids of everything that a module keeps in a table.

/// A register of the current frame, counted from the frame's first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reg(pub u8);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A text of `Module::strings`.
    StrId
    /// A number or text of `Module::constants`.
    ConstId
    /// A list of names of `Module::keys`: the fields of an object, the names of named arguments.
    KeysId
    /// A function of `Module::functions`.
    FunctionId
    /// A variable of `Module::globals`.
    GlobalId
    /// A source file of `Module::files`.
    FileId
    /// An effect site of `Module::sites`.
    SiteId
    /// A `handle` of `Module::handlers`.
    HandlerId
    /// A function of the machine: an index of [`NATIVES`](crate::NATIVES).
    NativeId
}
