//! The table: every opcode with its name, its operands, the word that follows, and its meaning.
//!
//! In the doc lines `a b c` are the operands from left to right, `R` is a register, `W[i]` a
//! register of the window, `c(x)` the confidence of `x` (1 for a plain value).
//! "Confident operands" means: computed on the values, the result has the smallest confidence.

#[rustfmt::skip]
macro_rules! instructions {
    ($define:ident) => { $define! {
    // Loads and moves.
    /// `a = null`
    LoadNull = "load_null" (a: dst);
    /// `a = true`
    LoadTrue = "load_true" (a: dst);
    /// `a = false`
    LoadFalse = "load_false" (a: dst);
    /// `a = missing`: the mark of an argument that was not given and of a variable that was not
    /// initialised. It must not reach a program: test it with `JumpGiven`, end it with `Settle`.
    LoadMissing = "load_missing" (a: dst);
    /// `a = b`, a small integer
    LoadInt = "load_int" (a: dst, b: imm16);
    /// `a = constants[b]`
    LoadConst = "load_const" (a: dst, b: const16);
    /// `a = constants[extra]`
    LoadConstWide = "load_const_wide" (a: dst) + Const;
    /// `a =` a function of the machine as a value (`xs.map(Math.floor)`)
    LoadNative = "load_native" (a: dst, b: native16);
    /// `a = b`, and `b = null`: the value moves, nothing is counted
    Move = "move" (a: dst, b: take);
    /// `a = b`, both hold it: updates in place must copy while both do
    Copy = "copy" (a: dst, b: src);
    /// `a = null` if `a` is missing
    Settle = "settle" (a: upd);

    // Arithmetic. Confident operands allowed.
    /// `a = b + c`: numbers, or text when either is text. With `a == b` and a text that nobody
    /// else holds, `c` is appended in place.
    Add = "add" (a: dst, b: src, c: src);
    /// `a = b - c`
    Sub = "sub" (a: dst, b: src, c: src);
    /// `a = b * c`
    Mul = "mul" (a: dst, b: src, c: src);
    /// `a = b / c`; division by zero throws
    Div = "div" (a: dst, b: src, c: src);
    /// `a = b % c`, the sign of `b`; zero throws
    Rem = "rem" (a: dst, b: src, c: src);
    /// `a = b ** c`
    Pow = "pow" (a: dst, b: src, c: src);
    /// `a = b + c`
    AddI = "add_i" (a: dst, b: src, c: imm8);
    /// `a = b - c`
    SubI = "sub_i" (a: dst, b: src, c: imm8);
    /// `a = b * c`
    MulI = "mul_i" (a: dst, b: src, c: imm8);
    /// `a = b / c`
    DivI = "div_i" (a: dst, b: src, c: imm8);
    /// `a = b % c`
    RemI = "rem_i" (a: dst, b: src, c: imm8);
    /// `a = b + constants[extra]`, a number or a text
    AddK = "add_k" (a: dst, b: src) + Const;
    /// `a = b - constants[extra]`
    SubK = "sub_k" (a: dst, b: src) + Const;
    /// `a = b * constants[extra]`
    MulK = "mul_k" (a: dst, b: src) + Const;
    /// `a = b / constants[extra]`
    DivK = "div_k" (a: dst, b: src) + Const;
    /// `a = b % constants[extra]`
    RemK = "rem_k" (a: dst, b: src) + Const;
    /// `a = -b`; keeps the confidence
    Neg = "neg" (a: dst, b: src);
    /// `a = +b`: the number a text, boolean or null stands for; keeps the confidence
    ToNumber = "to_number" (a: dst, b: src);
    /// `a = !b`, a plain boolean
    Not = "not" (a: dst, b: src);
    /// `a = typeof b`, looking through confidence
    Typeof = "typeof" (a: dst, b: src);
    /// `a =` whether `b` is truthy, a plain boolean
    Truthy = "truthy" (a: dst, b: src);

    // Comparison to a boolean. Confident operands allowed.
    /// `a = b == c`, loose
    Equal = "equal" (a: dst, b: src, c: src);
    /// `a = b != c`
    NotEqual = "not_equal" (a: dst, b: src, c: src);
    /// `a = b === c`, structural
    Same = "same" (a: dst, b: src, c: src);
    /// `a = b !== c`
    NotSame = "not_same" (a: dst, b: src, c: src);
    /// `a = b < c`: two numbers or two texts
    Less = "less" (a: dst, b: src, c: src);
    /// `a = b <= c`
    LessEq = "less_eq" (a: dst, b: src, c: src);
    /// `a = b > c`
    Greater = "greater" (a: dst, b: src, c: src);
    /// `a = b >= c`
    GreaterEq = "greater_eq" (a: dst, b: src, c: src);
    /// `a = b instanceof c`, where `c` names a type; plain
    InstanceOf = "instance_of" (a: dst, b: src, c: src);
    /// `a = b in c`: a key of an object, an index of an array; plain
    In = "in" (a: dst, b: src, c: src);

    // Jumps. Tests look at the value only, never at its confidence.
    /// Go on at a distance from the next instruction. Backward costs one unit of fuel.
    Jump = "jump" (a: word);
    /// Jump if `a` is truthy
    JumpIf = "jump_if" (a: src, b: jump16);
    /// Jump if `a` is falsy
    JumpUnless = "jump_unless" (a: src, b: jump16);
    /// Jump if the value of `a` is null
    JumpNull = "jump_null" (a: src, b: jump16);
    /// Jump if the value of `a` is not null
    JumpNotNull = "jump_not_null" (a: src, b: jump16);
    /// Jump if `a` is not missing
    JumpGiven = "jump_given" (a: src, b: jump16);
    /// Jump if `a < b`
    JumpLess = "jump_less" (a: src, b: src) + Jump;
    /// Jump if `a <= b`
    JumpLessEq = "jump_less_eq" (a: src, b: src) + Jump;
    /// Jump if `a > b`
    JumpGreater = "jump_greater" (a: src, b: src) + Jump;
    /// Jump if `a >= b`
    JumpGreaterEq = "jump_greater_eq" (a: src, b: src) + Jump;
    /// Jump unless `a < b` (NaN: jumps)
    JumpNotLess = "jump_not_less" (a: src, b: src) + Jump;
    /// Jump unless `a <= b`
    JumpNotLessEq = "jump_not_less_eq" (a: src, b: src) + Jump;
    /// Jump unless `a > b`
    JumpNotGreater = "jump_not_greater" (a: src, b: src) + Jump;
    /// Jump unless `a >= b`
    JumpNotGreaterEq = "jump_not_greater_eq" (a: src, b: src) + Jump;
    /// Jump if `a < b`
    JumpLessI = "jump_less_i" (a: src, b: imm8) + Jump;
    /// Jump if `a <= b`
    JumpLessEqI = "jump_less_eq_i" (a: src, b: imm8) + Jump;
    /// Jump if `a > b`
    JumpGreaterI = "jump_greater_i" (a: src, b: imm8) + Jump;
    /// Jump if `a >= b`
    JumpGreaterEqI = "jump_greater_eq_i" (a: src, b: imm8) + Jump;
    /// Jump unless `a < b`
    JumpNotLessI = "jump_not_less_i" (a: src, b: imm8) + Jump;
    /// Jump unless `a <= b`
    JumpNotLessEqI = "jump_not_less_eq_i" (a: src, b: imm8) + Jump;
    /// Jump unless `a > b`
    JumpNotGreaterI = "jump_not_greater_i" (a: src, b: imm8) + Jump;
    /// Jump unless `a >= b`
    JumpNotGreaterEqI = "jump_not_greater_eq_i" (a: src, b: imm8) + Jump;
    /// Jump if `a == b`, loose
    JumpEqual = "jump_equal" (a: src, b: src) + Jump;
    /// Jump if `a != b`
    JumpNotEqual = "jump_not_equal" (a: src, b: src) + Jump;
    /// Jump if `a === b`
    JumpSame = "jump_same" (a: src, b: src) + Jump;
    /// Jump if `a !== b`
    JumpNotSame = "jump_not_same" (a: src, b: src) + Jump;
    /// Jump if `a == b`, loose
    JumpEqualI = "jump_equal_i" (a: src, b: imm8) + Jump;
    /// Jump if `a != b`
    JumpNotEqualI = "jump_not_equal_i" (a: src, b: imm8) + Jump;
    /// Jump if `a === b`
    JumpSameI = "jump_same_i" (a: src, b: imm8) + Jump;
    /// Jump if `a !== b`
    JumpNotSameI = "jump_not_same_i" (a: src, b: imm8) + Jump;
    /// Jump if the value of `a` is of kind `b`
    JumpKind = "jump_kind" (a: src, b: kind) + Jump;
    /// Jump if the value of `a` is not of kind `b`
    JumpNotKind = "jump_not_kind" (a: src, b: kind) + Jump;
    /// Jump if `c(a) >= b`, a number
    JumpConfident = "jump_confident" (a: src, b: src) + Jump;
    /// Jump if `c(a) < b`
    JumpNotConfident = "jump_not_confident" (a: src, b: src) + Jump;
    /// `a = a + c`, then jump if `a < b`: the end of a counting loop
    ForLess = "for_less" (a: upd, b: src, c: imm8) + Jump;
    /// `a = a + c`, then jump if `a <= b`
    ForLessEq = "for_less_eq" (a: upd, b: src, c: imm8) + Jump;
    /// `b` is an array (from `Items`), `b+1` the index of its current element, -1 at first.
    /// `b+1 = b+1 + 1`; if there is such an element: `a =` it, and jump
    ForEach = "for_each" (a: dst, b: pair) + Jump;

    // Confidence.
    /// `a = value(b)` with confidence `c`, a number, clamped; NaN throws
    Annotate = "annotate" (a: dst, b: src, c: src);
    /// `a = c(b)`, a plain number
    ConfidenceOf = "confidence_of" (a: dst, b: src);
    /// `a = value(b)`, plain
    ValueOf = "value_of" (a: dst, b: src);
    /// `a = b`, confident with 1 if it was plain
    ToConfident = "to_confident" (a: dst, b: src);
    /// `a = b`; a plain `b` takes the confidence of `c` if that is confident (`~|>`)
    Inherit = "inherit" (a: dst, b: src, c: src);
    /// `a = value(b)` with `c(b) * c(c)`, always confident (`~?`)
    Product = "product" (a: dst, b: src, c: src);
    /// `a = value(b)` with `c(b) * c`, `c` a number (`~@>` below the threshold, `f() ~> k`)
    Scale = "scale" (a: dst, b: src, c: src);
    /// `a = b ~&& c`: a boolean with the smaller confidence, always confident
    ConfidentAnd = "confident_and" (a: dst, b: src, c: src);
    /// `a = b ~|| c`: a boolean with the larger confidence, always confident
    ConfidentOr = "confident_or" (a: dst, b: src, c: src);
    /// `a = value(c)` with the smaller confidence of both, always confident (`~~`)
    Chain = "chain" (a: dst, b: src, c: src);
    /// `a = b` or `c`, the more confident, `b` on a tie (`~||>`)
    MoreConfident = "more_confident" (a: dst, b: src, c: src);
    /// `a = c(b) >= c`, a plain boolean; `c` a number
    AtLeast = "at_least" (a: dst, b: src, c: src);

    // Text, arrays, objects.
    /// `a =` the texts of the window, joined, plain
    Concat = "concat" (a: dst, b: win, c: count);
    /// `a = [W[0], W[1], …]`
    NewArray = "new_array" (a: dst, b: win, c: count);
    /// append `b` to the array `a`
    ArrayPush = "array_push" (a: upd, b: take);
    /// append the elements of `b` to the array `a`
    ArraySpread = "array_spread" (a: upd, b: src);
    /// `a =` the elements of the array `b` from index `c` on
    ArrayRest = "array_rest" (a: dst, b: src, c: imm8);
    /// `a =` the length of an array or text, the number of keys of an object; plain
    Length = "length" (a: dst, b: src);
    /// `a =` element `c` of the array `b`, null if there is none; for patterns: looks through
    /// the confidence of `b`
    PickIndex = "pick_index" (a: dst, b: src, c: imm8);
    /// the same, missing if there is none
    PickIndexMaybe = "pick_index_maybe" (a: dst, b: src, c: imm8);
    /// `a = { keys[0]: W[0], … }`, where the window has as many registers as `keys[extra]` names
    NewObject = "new_object" (a: dst, b: win) + Keys;
    /// `a.key = b`
    SetField = "set_field" (a: upd, b: take) + Text;
    /// set all fields of the object `b` in `a`; null adds nothing
    ObjectSpread = "object_spread" (a: upd, b: src);
    /// `a =` the object `b` without the keys of `keys[extra]`
    ObjectRest = "object_rest" (a: dst, b: src) + Keys;
    /// `a = b.key`, null if there is none; for patterns: looks through the confidence of `b`
    PickField = "pick_field" (a: dst, b: src) + Text;
    /// the same, missing if there is none
    PickFieldMaybe = "pick_field_maybe" (a: dst, b: src) + Text;
    /// `a = b.key`; a missing key throws; a confident `b` gives the product of confidences
    GetField = "get_field" (a: dst, b: src) + Text;
    /// `a = b.key` in mode `c`
    GetFieldAs = "get_field_as" (a: dst, b: src, c: mode) + Text;
    /// `a = b[c]`; product of confidences
    GetIndex = "get_index" (a: dst, b: src, c: src);
    /// `a = b[c]`
    GetIndexI = "get_index_i" (a: dst, b: src, c: imm8);
    /// `a = b?.[c]`: null for null, a missing key and an index out of range
    GetIndexOptional = "get_index_optional" (a: dst, b: src, c: src);
    /// `a[b] = c`
    SetIndex = "set_index" (a: upd, b: src, c: take);
    /// `a[W[0]]…[W[c-1]] = W[c]`, all or nothing: if it throws, `a` is as before
    SetPath = "set_path" (a: upd, b: win1, c: count);
    /// `a[W[0]]…[W[c-1]].push(W[c])`
    PushPath = "push_path" (a: upd, b: win1, c: count);
    /// `SetPath` on the variable in the cell `a`; `c` may be 0
    SetPathCell = "set_path_cell" (a: src, b: win1, c: count);
    /// `PushPath` on the variable in the cell `a`
    PushPathCell = "push_path_cell" (a: src, b: win1, c: count);
    /// `SetPath` on the captured variable `a`
    SetPathCaptured = "set_path_captured" (a: capture, b: win1, c: count);
    /// `PushPath` on the captured variable `a`
    PushPathCaptured = "push_path_captured" (a: capture, b: win1, c: count);
    /// `SetPath` on the variable `globals[extra]`
    SetPathGlobal = "set_path_global" (a: win1, b: count) + Global;
    /// `PushPath` on the variable `globals[extra]`
    PushPathGlobal = "push_path_global" (a: win1, b: count) + Global;
    /// `a =` what `for … in b` goes through: the elements of an array, the keys of an object,
    /// the characters of a text; confidence is looked through
    Items = "items" (a: dst, b: src);

    // Variables that functions share.
    /// `a =` a new cell that holds `b`
    NewCell = "new_cell" (a: dst, b: take);
    /// `a =` what the cell `b` holds; throws if that is missing
    CellGet = "cell_get" (a: dst, b: src);
    /// the cell `a` holds `b`
    CellSet = "cell_set" (a: src, b: take);
    /// `a =` capture `b` as it is: a value, or a cell to capture again
    Captured = "captured" (a: dst, b: capture);
    /// `a =` what the cell in capture `b` holds; throws if that is missing
    CapturedGet = "captured_get" (a: dst, b: capture);
    /// the cell in capture `a` holds `b`
    CapturedSet = "captured_set" (a: capture, b: take);
    /// `a = globals[b]`; throws if that is missing
    GetGlobal = "get_global" (a: dst, b: global16);
    /// `globals[b] = a`
    SetGlobal = "set_global" (a: take, b: global16);
    /// `a =` a function value of `functions[extra]` whose captures are the window
    Closure = "closure" (a: dst, b: win, c: count) + Function;

    // Calls. The window becomes the first registers of the callee.
    /// `a = functions[extra](W…)`, a function without captures
    Call = "call" (a: dst, b: win, c: count) + Function;
    /// `a = W[0](W[1], … W[c])`; the confidence of a confident function multiplies the result's
    CallValue = "call_value" (a: dst, b: win1, c: count);
    /// the same, where the last arguments are named by `keys[extra]`
    CallNamed = "call_named" (a: dst, b: win1, c: count) + Keys;
    /// `a = b(...c)` where `c` is an array
    CallArray = "call_array" (a: dst, b: src, c: src);
    /// `a = W[0](W[1], … W[c])` with no more arguments than the function takes: callbacks
    Offer = "offer" (a: dst, b: win1, c: count);
    /// `a = W[0].key(W[1], … W[c])`: an own field that is a function, else a method of the kind;
    /// the confidence of a confident receiver multiplies the result's
    CallMethod = "call_method" (a: dst, b: win1, c: count) + Text;
    /// `a = b.key(...c)` where `c` is an array; `b` keeps its value
    CallMethodArray = "call_method_array" (a: dst, b: src, c: src) + Text;
    /// `a = natives[extra](W…)`
    CallNative = "call_native" (a: dst, b: win, c: count) + Native;
    /// `a = natives[extra](...b)` where `b` is an array
    CallNativeArray = "call_native_array" (a: dst, b: src) + Native;
    /// end the function with the value `a`
    Return = "return" (a: take);
    /// end the function with null
    ReturnNull = "return_null" ();

    // Errors.
    /// throw `a`; what is not an error object becomes the `data` of one
    Throw = "throw" (a: take);
    /// throw again what a handler of the exception table caught: the place stays the first one
    Rethrow = "rethrow" (a: take);
    /// throw "`text` is not defined": a name that was reported when the program was checked
    UnknownName = "unknown_name" () + Text;

    // Effects and fibers.
    /// `a =` the answer to the effect of `sites[extra]` with the arguments `W…`
    Perform = "perform" (a: dst, b: win, c: count) + Site;
    /// `a =` a new fiber that runs `W[0](W[1], … W[c])`
    Spawn = "spawn" (a: dst, b: win1, c: count);
    /// `a =` the result of the fiber `b`, once it is over; throws what it threw
    Join = "join" (a: dst, b: src);
    /// `a =` the index of the first fiber of the array `b` that is over (the lowest, if several)
    JoinAny = "join_any" (a: dst, b: src);
    /// end the fiber `a`, and what it has spawned
    Cancel = "cancel" (a: src);
    /// `a =` the result of a promise or fiber, any other value as it is
    Await = "await" (a: dst, b: src);
    /// run `W[0]()` under the handler `handlers[extra]`, whose clauses are the functions
    /// `W[1]…`, in the order of the table, the return clause last; `a =` the result
    Handle = "handle" (a: dst, b: win1, c: count) + Handler;
    /// `a =` the result of the continuation `b`, resumed with `c`; once only
    Resume = "resume" (a: dst, b: src, c: take);

    /// The word after an instruction that needs one; never executed.
    Arg = "arg" (a: word);
    }};
}
