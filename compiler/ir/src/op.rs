//! Operations and exits.

use crate::function::{FunctionId, GlobalId, OpId, RegionId, Source, Text, Value};

#[derive(Debug, Clone, PartialEq)]
pub struct Op {
    pub kind: OpKind,
    /// Most operations have one result; `set_cell` and the like none; regions as many as they yield.
    pub results: Vec<Value>,
    pub source: Source,
    /// Of a call: its name in its function, for the ids of the effects behind it.
    pub site: Option<Text>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OpKind {
    Const(Const),
    Unary {
        op: UnaryOp,
        operand: Value,
    },
    /// `confident`: written with a tilde; the result is confident even for plain operands.
    Binary {
        op: BinaryOp,
        confident: bool,
        left: Value,
        right: Value,
    },
    /// The texts of the parts, joined; the result is plain text.
    Template(Vec<Value>),

    Array(Vec<Value>),
    /// The array with one more element.
    ArrayPush {
        array: Value,
        value: Value,
    },
    /// The array followed by the elements of `items` (looks through its confidence).
    ArraySpread {
        array: Value,
        items: Value,
    },
    Object(Vec<(Text, Value)>),
    /// The object with `name` set.
    ObjectSet {
        object: Value,
        name: Text,
        value: Value,
    },
    ObjectSpread {
        object: Value,
        fields: Value,
    },
    /// The container with `container[index]` set: array or object, by the value.
    IndexSet {
        container: Value,
        index: Value,
        value: Value,
    },
    /// `container[path…] = value`, or with `push` one more element for the array there; all or
    /// nothing. The result is the new container. Path steps are texts for members, else indices.
    Update {
        container: Value,
        path: Vec<Value>,
        value: Value,
        push: bool,
    },
    /// The same on the variable in a cell; no result. An empty path with `push` pushes to it.
    UpdateCell {
        cell: Value,
        path: Vec<Value>,
        value: Value,
        push: bool,
    },
    /// The same on a global; no result.
    UpdateGlobal {
        global: GlobalId,
        path: Vec<Value>,
        value: Value,
        push: bool,
    },
    Member {
        object: Value,
        name: Text,
        mode: MemberMode,
    },
    Index {
        object: Value,
        index: Value,
        optional: bool,
    },

    /// Reads for destructuring and `match`; none of them fails on a value of the right kind.
    Pattern {
        op: PatternOp,
        value: Value,
    },

    Confidence {
        op: ConfidenceOp,
        left: Value,
        right: Value,
    },
    /// Confidence of a value as a plain number.
    ConfidenceOf(Value),
    /// The value without its confidence.
    ValueOf(Value),
    /// A confident value; a plain one gets confidence 1.
    MakeConfident(Value),
    /// The value with half its confidence.
    Halve(Value),
    /// 2 for high, 1 for medium, 0 for low; fails on a plain value when `strict`.
    Band {
        value: Value,
        high: Value,
        medium: Value,
        strict: bool,
    },

    Call {
        function: FunctionId,
        args: Vec<Value>,
    },
    CallValue {
        callee: Value,
        args: Args,
    },
    CallMethod {
        object: Value,
        name: Text,
        optional: bool,
        args: Args,
    },
    CallNative {
        native: Text,
        args: Args,
    },
    /// A function of the machine as a value, or a number it has a name for (`Math.PI`).
    Native(Text),
    /// A callback gets only as many of the arguments as it takes.
    Offer {
        callee: Value,
        args: Vec<Value>,
    },
    Closure {
        function: FunctionId,
        captures: Vec<Value>,
    },

    /// A shared variable, with its first value; without one it is not yet initialised.
    CellNew(Option<Value>),
    CellGet(Value),
    CellSet {
        cell: Value,
        value: Value,
    },
    GlobalGet(GlobalId),
    GlobalSet {
        global: GlobalId,
        value: Value,
    },
    /// True when the caller left the optional parameter out.
    IsAbsent(Value),

    Perform {
        effect: Text,
        site: Text,
        args: Vec<Value>,
    },
    Spawn {
        callee: Value,
    },
    Join {
        fiber: Value,
    },
    /// The index of the first fiber of an array that is over.
    JoinAny {
        fibers: Value,
    },
    Cancel {
        fiber: Value,
    },
    /// Throws a run-time error of the machine: an unresolved name, an unreadable statement.
    Fail {
        code: Text,
        message: Text,
    },

    /// The elements to walk over: an array itself, an object's keys; confidence is looked through.
    Items {
        subject: Value,
        of: bool,
    },
    /// Length of an array that `Items` gave.
    ItemCount(Value),
    /// Element of an array that `Items` gave, index in range.
    ItemAt {
        items: Value,
        index: Value,
    },

    /// Tests truthiness of `condition`.
    If {
        condition: Value,
        then: RegionId,
        otherwise: RegionId,
    },
    /// The body's parameters are carried; `continue` gives their next values, `break` the results.
    Loop {
        initial: Vec<Value>,
        body: RegionId,
    },
    /// `catch` has one parameter, what was thrown. `finally` yields nothing and sees every way out.
    Try {
        body: RegionId,
        catch: Option<RegionId>,
        finally: Option<RegionId>,
    },
    /// Deep handlers around `body`, a closure without parameters. Each clause is a closure that
    /// gets `resume` first and then the operation's arguments; `on_return` gets the result.
    Handle {
        body: Value,
        clauses: Vec<(Text, Value)>,
        on_return: Option<Value>,
    },
    /// Ends a handler clause's wait: one-shot.
    Resume {
        resume: Value,
        value: Value,
    },
}

impl OpKind {
    /// Whether it is a call that may have a name. The others are the library's.
    pub fn is_call(&self) -> bool {
        matches!(
            self,
            OpKind::Call { .. }
                | OpKind::CallValue { .. }
                | OpKind::CallMethod { .. }
                | OpKind::Offer { .. }
        )
    }
}

/// Arguments of a call that is resolved at run time.
#[derive(Debug, Clone, PartialEq)]
pub enum Args {
    Positional(Vec<Value>),
    /// One array with all of them: the call had a spread.
    Spread(Value),
    /// Positional ones, then named ones.
    Named(Vec<Value>, Vec<(Text, Value)>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Const {
    Null,
    Bool(bool),
    Number(f64),
    Text(Text),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Not,
    Negate,
    Plus,
    Typeof,
    /// The value of a promise; anything else as it is.
    Await,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Equal,
    NotEqual,
    Identical,
    NotIdentical,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Instanceof,
    In,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberMode {
    Plain,
    Optional,
    Confident,
    Soft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfidenceOp {
    /// `left ~> right`.
    Annotate,
    /// Plain true when `left` is truthy and its confidence is at least `right`: the gate.
    Gate,
    /// Plain true when the confidence of `left` is at least `right`.
    AtLeast,
    /// `~&&`, `~||`: boolean of truthiness, min or max.
    And,
    Or,
    /// `left ~~ right`: value of `right`, min.
    Chain,
    /// `left ~||> right`.
    More,
    /// `left`, confident, its confidence multiplied by that of `right`.
    Product,
    /// `left`, confident, its confidence multiplied by the number `right`.
    Scale,
    /// `left`, with the confidence of `right` when `left` is plain and `right` is not.
    Inherit,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PatternOp {
    /// The array in `value` (looks through confidence); fails on anything else.
    ExpectArray,
    /// The object in `value`; fails on anything else.
    ExpectObject,
    /// Element `n`, null when there is none.
    Element(u32),
    /// Field `k`, null when there is none.
    Field(Text),
    HasField(Text),
    /// Elements from `n` on.
    ArrayRest(u32),
    /// The fields other than these.
    ObjectRest(Vec<Text>),
    /// Plain true when `value` is an array of exactly / at least `n` elements.
    IsArray {
        length: u32,
        at_least: bool,
    },
    /// Plain true when `value` is an object with these fields.
    IsObject(Vec<Text>),
    /// Plain true when the value without its confidence is exactly this constant.
    IsConst(Const),
    IsNull,
}

impl PatternOp {
    /// Whether it only answers yes or no, and cannot fail.
    pub fn is_test(&self) -> bool {
        match self {
            PatternOp::HasField(_)
            | PatternOp::IsArray { .. }
            | PatternOp::IsObject(_)
            | PatternOp::IsConst(_)
            | PatternOp::IsNull => true,
            PatternOp::ExpectArray
            | PatternOp::ExpectObject
            | PatternOp::Element(_)
            | PatternOp::Field(_)
            | PatternOp::ArrayRest(_)
            | PatternOp::ObjectRest(_) => false,
        }
    }
}

/// How a region ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Exit {
    /// The values of the enclosing operation.
    Yield(Vec<Value>),
    /// Out of the loop operation, with its results.
    Break {
        target: OpId,
        values: Vec<Value>,
    },
    /// To the next turn of the loop operation, with the carried values.
    Continue {
        target: OpId,
        values: Vec<Value>,
    },
    Return(Value),
    Throw(Value),
    /// Never reached; also the exit of a region under construction.
    Unreachable,
}
