//! The kernels, in assembly as the compiler would write it, and in Lua.

/// One kernel in both languages.
pub(crate) struct Kernel {
    pub(crate) name: &'static str,
    pub(crate) prism: &'static str,
    /// The body of a function that returns the result.
    pub(crate) lua: &'static str,
    pub(crate) result: f64,
}

/// What the compiler makes of `for i = 0; i < n; i += 1 { sum += rate * (i % 100) }`: a loop for a
/// plain rate, and one for a confident one.
macro_rules! total_of_products {
    () => {
        r#"fn "f" ( "rate" "n" ) regs 7
    load_int r2, 1
    jump_not_confident r0, r2, confident
    load_int r2, 0
    load_int r3, 0
    jump test
again:
    rem_i r4, r2, 100
    mul r4, r0, r4
    add r3, r3, r4
    for_less r2, r1, 1, again
test:
    jump_less r2, r1, again
    return r3
confident:
    value_of r3, r0
    confidence_of r4, r0
    load_int r2, 0
    load_int r5, 0
    jump split_test
split:
    rem_i r6, r2, 100
    mul r6, r3, r6
    add r5, r5, r6
    for_less r2, r1, 1, split
split_test:
    jump_less r2, r1, split
    annotate r5, r5, r4
    return r5
"#
    };
}

pub(crate) const KERNELS: &[Kernel] = &[
    Kernel {
        name: "fib",
        prism: r#"
fn "main" ( ) regs 1
    load_int r0, 32
    call r0, r0, 1, @"fib"
    return r0
fn "fib" ( "n" ) regs 3
    jump_not_less_i r0, 2, more
    return r0
more:
    sub_i r1, r0, 1
    call r1, r1, 1, @"fib"
    sub_i r2, r0, 2
    call r2, r2, 1, @"fib"
    add r0, r1, r2
    return r0
"#,
        lua: "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
              return fib(32)",
        result: 2_178_309.0,
    },
    Kernel {
        name: "loop",
        prism: r#"
fn "main" ( ) regs 4
    load_int r0, 0
    load_int r1, 0
    load_const r2, 50000000
again:
    mul_i r3, r0, 3
    add r3, r1, r3
    rem_k r1, r3, 1000003
    for_less r0, r2, 1, again
    return r1
"#,
        lua: "local s, i = 0, 0
              while i < 50000000 do s = (s + i * 3) % 1000003; i = i + 1 end
              return s",
        result: 33_975.0,
    },
    Kernel {
        name: "objects",
        prism: r#"
fn "main" ( ) regs 9
    new_array r0, r0, 0
    load_int r1, 0
    load_const r2, 200000
build:
    copy r3, r1
    rem_i r4, r1, 100
    new_object r3, r3, ["id" "w"]
    array_push r0, r3
    for_less r1, r2, 1, build
    load_int r5, 0
    load_int r6, 0
pass:
    load_int r1, 0
sum:
    get_index r3, r0, r1
    get_field r4, r3, "w"
    jump_not_less_i r4, 50, next
    get_field r4, r3, "id"
    add r5, r5, r4
next:
    for_less r1, r2, 1, sum
    load_int r7, 20
    for_less r6, r7, 1, pass
    return r5
"#,
        lua: "local a = {}
              for i = 0, 199999 do a[#a + 1] = { id = i, w = i % 100 } end
              local s = 0
              for _ = 1, 20 do
                for i = 1, #a do local r = a[i]; if r.w < 50 then s = s + r.id end end
              end
              return s",
        result: 199_949_000_000.0,
    },
    Kernel {
        name: "closures",
        prism: r#"
fn "main" ( ) regs 6
    load_int r0, 0
    new_cell r0, r0
    copy r1, r0
    closure r1, r1, 1, @"bump"
    load_int r2, 0
    load_const r3, 5000000
again:
    copy r4, r1
    copy r5, r2
    call_value r4, r4, 1
    for_less r2, r3, 1, again
    cell_get r0, r0
    return r0
fn "bump" ( "x" ) regs 2 captures 1
    captured_get r1, c0
    add r1, r1, r0
    captured_set c0, r1
    return_null
"#,
        lua: "local n = 0
              local function bump(x) n = n + x end
              for i = 0, 4999999 do bump(i) end
              return n",
        result: 12_499_997_500_000.0,
    },
    Kernel {
        name: "text",
        prism: r#"
fn "main" ( ) regs 4
    load_const r0, ""
    load_int r1, 0
    load_const r2, 2000000
again:
    add_k r0, r0, "ab"
    add r0, r0, r1
    for_less r1, r2, 1, again
    length r0, r0
    return r0
"#,
        lua: "local parts = {}
              for i = 0, 1999999 do parts[#parts + 1] = 'ab'; parts[#parts + 1] = tostring(i) end
              return #table.concat(parts)",
        result: 16_888_890.0,
    },
    Kernel {
        name: "update",
        prism: r#"
fn "main" ( ) regs 5
    load_int r0, 0
    new_object r0, r0, ["n"]
    load_int r1, 0
    load_const r2, 10000000
again:
    get_field r3, r0, "n"
    add_i r3, r3, 1
    set_field r0, r3, "n"
    for_less r1, r2, 1, again
    get_field r0, r0, "n"
    return r0
"#,
        lua: "local o = { n = 0 }
              for _ = 1, 10000000 do o.n = o.n + 1 end
              return o.n",
        result: 10_000_000.0,
    },
    Kernel {
        name: "sieve",
        prism: r#"
fn "main" ( ) regs 8
    new_array r0, r0, 0
    load_int r1, 0
    load_const r2, 3000001
fill:
    load_true r3
    array_push r0, r3
    for_less r1, r2, 1, fill
    load_int r1, 2
    load_int r4, 0
    load_const r2, 3000000
next:
    get_index r3, r0, r1
    jump_unless r3, skip
    add_i r4, r4, 1
    mul r5, r1, r1
    jump_greater r5, r2, skip
mark:
    load_false r6
    set_index r0, r5, r6
    add r5, r5, r1
    jump_less_eq r5, r2, mark
skip:
    for_less_eq r1, r2, 1, next
    return r4
"#,
        lua: "local a, n, count = {}, 3000000, 0
              for i = 0, n do a[i] = true end
              for i = 2, n do
                if a[i] then
                  count = count + 1
                  for j = i * i, n, i do a[j] = false end
                end
              end
              return count",
        result: 216_816.0,
    },
];

/// A program of which there is one with confidence and one without.
pub(crate) struct ConfidenceKernel {
    pub(crate) text: &'static str,
    pub(crate) result: f64,
}

/// Name, without and with confidence.
pub(crate) const CONFIDENCE: &[(&str, &ConfidenceKernel, &ConfidenceKernel)] = &[
    // Arithmetic and nothing else, where each turn adds to a confident total. The compiler makes
    // the same of `let total = 0 ~> 0.9`, with `total += (i % 100) * 3 + 1` in the loop.
    (
        "total",
        &ConfidenceKernel {
            text: r#"
fn "main" ( ) regs 4
    load_const r0, 5000000
    load_int r2, 0
    load_int r1, 0
    jump test
again:
    rem_i r3, r2, 100
    mul_i r3, r3, 3
    add_i r3, r3, 1
    add r1, r1, r3
    for_less r2, r0, 1, again
test:
    jump_less r2, r0, again
    return r1
"#,
            result: 747_500_000.0,
        },
        &ConfidenceKernel {
            text: r#"
fn "main" ( ) regs 5
    load_int r0, 0
    load_const r1, 0.9
    annotate r0, r0, r1
    value_of r1, r0
    confidence_of r0, r0
    load_const r2, 5000000
    load_int r3, 0
    jump test
again:
    rem_i r4, r3, 100
    mul_i r4, r4, 3
    add_i r4, r4, 1
    add r1, r1, r4
    for_less r3, r2, 1, again
test:
    jump_less r3, r2, again
    load_int r2, 1
    jump_less r2, r0, plain
    annotate r1, r1, r0
plain:
    value_of r1, r1
    return r1
"#,
            result: 747_500_000.0,
        },
    ),
    // A confident product in a variable of its own, and the sum of all of them: what the compiler
    // makes of `let product = rate * (i % 100)` and `sum += product`, with `rate` being
    // `1.5 ~> 0.9`, or a plain 1.5 in a variable.
    (
        "products",
        &ConfidenceKernel {
            text: r#"
fn "main" ( ) regs 6
    load_const r1, 1.5
    load_const r2, 5000000
    load_int r4, 0
    load_int r3, 0
    jump test
again:
    rem_i r5, r4, 100
    mul r5, r1, r5
    add r3, r3, r5
    for_less r4, r2, 1, again
test:
    jump_less r4, r2, again
    return r3
"#,
            result: 371_250_000.0,
        },
        &ConfidenceKernel {
            text: r#"
fn "main" ( ) regs 6
    load_const r0, 1.5
    load_const r1, 0.9
    annotate r0, r0, r1
    value_of r1, r0
    confidence_of r0, r0
    load_const r2, 5000000
    load_int r4, 0
    load_int r3, 0
    jump test
again:
    rem_i r5, r4, 100
    mul r5, r1, r5
    add r3, r3, r5
    for_less r4, r2, 1, again
test:
    jump_less r4, r2, again
    load_int r1, 1
    jump_less r1, r0, plain
    annotate r3, r3, r0
plain:
    value_of r3, r3
    return r3
"#,
            result: 371_250_000.0,
        },
    ),
    // The products where `rate` is a parameter, which may be plain.
    (
        "parameter",
        &ConfidenceKernel {
            text: concat!(
                r#"
fn "main" ( ) regs 4
    load_const r0, 1.5
    load_const r1, 5000000
    call r0, r0, 2, @1
    value_of r0, r0
    return r0

"#,
                total_of_products!()
            ),
            result: 371_250_000.0,
        },
        &ConfidenceKernel {
            text: concat!(
                r#"
fn "main" ( ) regs 4
    load_const r0, 1.5
    load_const r1, 0.9
    annotate r0, r0, r1
    load_const r1, 5000000
    call r0, r0, 2, @1
    value_of r0, r0
    return r0

"#,
                total_of_products!()
            ),
            result: 371_250_000.0,
        },
    ),
    // Where the factor comes from somewhere in the loop, such as an array: every product is a box.
    (
        "boxes",
        &ConfidenceKernel {
            text: r#"
fn "main" ( ) regs 6
    load_const r0, 1.5
    load_int r5, 0
    load_int r1, 0
    load_const r2, 5000000
again:
    rem_i r3, r1, 100
    mul r4, r0, r3
    add r5, r5, r4
    for_less r1, r2, 1, again
    return r5
"#,
            result: 371_250_000.0,
        },
        &ConfidenceKernel {
            text: r#"
fn "main" ( ) regs 6
    load_const r0, 1.5
    load_const r1, 0.9
    annotate r0, r0, r1
    load_int r5, 0
    load_int r1, 0
    load_const r2, 5000000
again:
    rem_i r3, r1, 100
    mul r4, r0, r3
    add r5, r5, r4
    for_less r1, r2, 1, again
    value_of r5, r5
    return r5
"#,
            result: 371_250_000.0,
        },
    ),
    // Votes as objects with a text each, of which the sure ones count: what programs do with it.
    (
        "votes",
        &ConfidenceKernel {
            text: r#"
fn "main" ( ) regs 8
    load_int r0, 0
    load_int r1, 0
    load_const r2, 1000000
again:
    rem_i r3, r1, 100
    div_i r4, r3, 100
    load_const r5, "vote "
    add r5, r5, r3
    copy r6, r4
    new_object r5, r5, ["text" "score"]
    get_field r6, r5, "score"
    load_const r7, 0.5
    jump_less r6, r7, next
    get_field r6, r5, "text"
    length r6, r6
    add r0, r0, r6
next:
    for_less r1, r2, 1, again
    return r0
"#,
            result: 3_500_000.0,
        },
        &ConfidenceKernel {
            text: r#"
fn "main" ( ) regs 8
    load_int r0, 0
    load_int r1, 0
    load_const r2, 1000000
again:
    rem_i r3, r1, 100
    div_i r4, r3, 100
    load_const r5, "vote "
    add r5, r5, r3
    annotate r5, r5, r4
    copy r6, r4
    new_object r5, r5, ["text" "score"]
    get_field r6, r5, "text"
    load_const r7, 0.5
    jump_not_confident r6, r7, next
    length r6, r6
    add r0, r0, r6
next:
    for_less r1, r2, 1, again
    return r0
"#,
            result: 3_500_000.0,
        },
    ),
];
