//! The kinds of values that bytecode can ask about, and the ways to read a member.

/// What a value is, once its confidence is looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    Null,
    Boolean,
    Number,
    Text,
    Array,
    Object,
    Function,
    Agent,
    /// A promise or a running fiber.
    Promise,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::Null,
        Kind::Boolean,
        Kind::Number,
        Kind::Text,
        Kind::Array,
        Kind::Object,
        Kind::Function,
        Kind::Agent,
        Kind::Promise,
    ];

    /// The kind with this number.
    pub fn from_u8(number: u8) -> Option<Kind> {
        Kind::ALL.get(usize::from(number)).copied()
    }

    /// What `typeof` answers.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::Text => "string",
            Kind::Array => "array",
            Kind::Object => "object",
            Kind::Function => "function",
            Kind::Agent => "agent",
            Kind::Promise => "promise",
        }
    }
}

/// How `GetFieldAs` reads a member; `o.k` itself is `GetField`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MemberMode {
    /// `o?.k`: null for null and for a missing key.
    Optional,
    /// `o~.k`: null for null and for a missing key; the result is confident.
    Confident,
    /// `o.k ?? d`: null for a missing key, an error for null.
    Soft,
}

impl MemberMode {
    pub const ALL: [MemberMode; 3] =
        [MemberMode::Optional, MemberMode::Confident, MemberMode::Soft];

    /// The mode with this number.
    pub fn from_u8(number: u8) -> Option<MemberMode> {
        MemberMode::ALL.get(usize::from(number)).copied()
    }

    /// The name in disassembly.
    pub fn name(self) -> &'static str {
        match self {
            MemberMode::Optional => "optional",
            MemberMode::Confident => "confident",
            MemberMode::Soft => "soft",
        }
    }
}
