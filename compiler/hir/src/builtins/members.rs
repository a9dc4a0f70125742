//! The members of values: `xs.map`, `text.split`, `xs.length`.

/// What kind of value has a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Receiver {
    Array,
    Boolean,
    Function,
    Number,
    Object,
    Promise,
    Text,
    Agent,
}

impl Receiver {
    /// The name in `array.slice` and in `@prism/methods/array`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Receiver::Array => "array",
            Receiver::Boolean => "boolean",
            Receiver::Function => "function",
            Receiver::Number => "number",
            Receiver::Object => "object",
            Receiver::Promise => "promise",
            Receiver::Text => "string",
            Receiver::Agent => "agent",
        }
    }

    pub fn parse(name: &str) -> Option<Receiver> {
        Receiver::ALL.iter().copied().find(|receiver| receiver.as_str() == name)
    }

    pub const ALL: &[Receiver] = &[
        Receiver::Array,
        Receiver::Boolean,
        Receiver::Function,
        Receiver::Number,
        Receiver::Object,
        Receiver::Promise,
        Receiver::Text,
        Receiver::Agent,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub receiver: Receiver,
    pub name: &'static str,
    /// `None` for a property; otherwise least and most (`None`: any number) arguments.
    pub arity: Option<(u8, Option<u8>)>,
    /// As a statement on a place it rebinds the variable.
    pub updates: bool,
    /// What hover shows.
    pub detail: &'static str,
}

const fn property(receiver: Receiver, name: &'static str, detail: &'static str) -> Member {
    Member { receiver, name, arity: None, updates: false, detail }
}

const fn method(
    receiver: Receiver,
    name: &'static str,
    least: u8,
    most: Option<u8>,
    detail: &'static str,
) -> Member {
    Member { receiver, name, arity: Some((least, most)), updates: false, detail }
}

const fn updating(
    receiver: Receiver,
    name: &'static str,
    least: u8,
    most: Option<u8>,
    detail: &'static str,
) -> Member {
    Member { receiver, name, arity: Some((least, most)), updates: true, detail }
}

use Receiver::{Agent, Array, Boolean, Function, Number, Object, Promise, Text};

/// Every member, grouped by receiver.
pub const MEMBERS: &[Member] = &[
    property(Array, "length", "number"),
    method(Array, "at", 1, Some(1), "(index: number): any"),
    method(Array, "concat", 0, None, "(...others): any[]"),
    method(Array, "entries", 0, Some(0), "(): [number, any][]"),
    method(Array, "every", 1, Some(1), "(test: (element, index, array) => any): boolean"),
    updating(Array, "fill", 1, Some(3), "(value, start?, end?): any[]"),
    method(Array, "filter", 1, Some(1), "(test: (element, index, array) => any): any[]"),
    method(Array, "find", 1, Some(1), "(test: (element, index, array) => any): any"),
    method(Array, "findIndex", 1, Some(1), "(test: (element, index, array) => any): number"),
    method(Array, "findLast", 1, Some(1), "(test: (element, index, array) => any): any"),
    method(Array, "findLastIndex", 1, Some(1), "(test: (element, index, array) => any): number"),
    method(Array, "flat", 0, Some(1), "(depth?: number): any[]"),
    method(Array, "flatMap", 1, Some(1), "(f: (element, index, array) => any): any[]"),
    method(Array, "forEach", 1, Some(1), "(f: (element, index, array) => any): null"),
    method(Array, "includes", 1, Some(2), "(value, from?: number): boolean"),
    method(Array, "indexOf", 1, Some(2), "(value, from?: number): number"),
    method(Array, "join", 0, Some(1), "(separator?: string): string"),
    method(Array, "keys", 0, Some(0), "(): number[]"),
    method(Array, "lastIndexOf", 1, Some(2), "(value, from?: number): number"),
    method(Array, "map", 1, Some(1), "(f: (element, index, array) => any): any[]"),
    updating(Array, "push", 0, None, "(...values): any[]"),
    method(Array, "reduce", 1, Some(2), "(f: (sum, element, index, array) => any, start?): any"),
    method(
        Array,
        "reduceRight",
        1,
        Some(2),
        "(f: (sum, element, index, array) => any, start?): any",
    ),
    updating(Array, "reverse", 0, Some(0), "(): any[]"),
    method(Array, "slice", 0, Some(2), "(start?: number, end?: number): any[]"),
    method(Array, "some", 1, Some(1), "(test: (element, index, array) => any): boolean"),
    updating(Array, "sort", 0, Some(1), "(compare?: (a, b) => number): any[]"),
    method(Array, "toReversed", 0, Some(0), "(): any[]"),
    method(Array, "toSorted", 0, Some(1), "(compare?: (a, b) => number): any[]"),
    method(Array, "toSpliced", 1, None, "(start: number, count?: number, ...values): any[]"),
    method(Array, "toString", 0, Some(0), "(): string"),
    updating(Array, "unshift", 0, None, "(...values): any[]"),
    method(Array, "values", 0, Some(0), "(): any[]"),
    method(Array, "with", 2, Some(2), "(index: number, value): any[]"),
    method(Boolean, "toString", 0, Some(0), "(): string"),
    property(Function, "name", "string"),
    method(Function, "toString", 0, Some(0), "(): string"),
    method(Number, "toFixed", 0, Some(1), "(digits?: number): string"),
    method(Number, "toLocaleString", 0, Some(0), "(): string"),
    method(Number, "toPrecision", 0, Some(1), "(digits?: number): string"),
    method(Number, "toString", 0, Some(1), "(radix?: number): string"),
    method(Object, "hasOwnProperty", 1, Some(1), "(key: string): boolean"),
    method(Object, "toString", 0, Some(0), "(): string"),
    method(Object, "with", 2, Some(2), "(key: string, value): object"),
    method(Object, "without", 0, None, "(...keys: string[]): object"),
    method(Promise, "isDone", 0, Some(0), "(): boolean"),
    property(Text, "length", "number"),
    method(Text, "at", 1, Some(1), "(index: number): string"),
    method(Text, "charAt", 0, Some(1), "(index?: number): string"),
    method(Text, "charCodeAt", 0, Some(1), "(index?: number): number"),
    method(Text, "codePointAt", 0, Some(1), "(index?: number): number"),
    method(Text, "concat", 0, None, "(...others): string"),
    method(Text, "endsWith", 1, Some(2), "(text: string, end?: number): boolean"),
    method(Text, "includes", 1, Some(2), "(text: string, from?: number): boolean"),
    method(Text, "indexOf", 1, Some(2), "(text: string, from?: number): number"),
    method(Text, "lastIndexOf", 1, Some(2), "(text: string, from?: number): number"),
    method(Text, "localeCompare", 1, Some(1), "(other: string): number"),
    method(Text, "padEnd", 1, Some(2), "(length: number, fill?: string): string"),
    method(Text, "padStart", 1, Some(2), "(length: number, fill?: string): string"),
    method(Text, "repeat", 1, Some(1), "(count: number): string"),
    method(Text, "replace", 2, Some(2), "(what: string, by: string | function): string"),
    method(Text, "replaceAll", 2, Some(2), "(what: string, by: string | function): string"),
    method(Text, "slice", 0, Some(2), "(start?: number, end?: number): string"),
    method(Text, "split", 0, Some(2), "(separator?: string, limit?: number): string[]"),
    method(Text, "startsWith", 1, Some(2), "(text: string, from?: number): boolean"),
    method(Text, "substr", 0, Some(2), "(start?: number, length?: number): string"),
    method(Text, "substring", 0, Some(2), "(start?: number, end?: number): string"),
    method(Text, "toLowerCase", 0, Some(0), "(): string"),
    method(Text, "toString", 0, Some(0), "(): string"),
    method(Text, "toUpperCase", 0, Some(0), "(): string"),
    method(Text, "trim", 0, Some(0), "(): string"),
    method(Text, "trimEnd", 0, Some(0), "(): string"),
    method(Text, "trimStart", 0, Some(0), "(): string"),
    method(Agent, "call", 0, Some(2), "(task?: any, options?: object): any, confident"),
];

/// A member of one kind of value.
pub fn member(receiver: Receiver, name: &str) -> Option<&'static Member> {
    MEMBERS.iter().find(|member| member.receiver == receiver && member.name == name)
}

/// The members of one kind of value.
pub fn members(receiver: Receiver) -> impl Iterator<Item = &'static Member> {
    MEMBERS.iter().filter(move |member| member.receiver == receiver)
}

/// Whether `place.name(…)` as a statement rebinds the place.
pub fn updates(name: &str) -> bool {
    MEMBERS.iter().any(|member| member.updates && member.name == name)
}
