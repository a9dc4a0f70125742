//! The table of `spec/bytecode.md` is the opcode table.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::path::Path;

use prism_bytecode::{Kind, NATIVES, Native, Op};

const BEGIN: &str = "<!-- the opcode table: written by this crate's tests with PRISM_BLESS=1 -->\n";
const END: &str = "<!-- end of the opcode table -->\n";

/// One row per opcode: number, name, operands, the word behind, meaning.
fn table() -> String {
    let mut text = "\n| | opcode | operands | word | meaning |\n|---|---|---|---|---|\n".to_owned();
    for (number, op) in Op::ALL.iter().enumerate() {
        let shape = op.shape().replace(" :", ":").replace(" ,", ",");
        let extra = op.extra().map_or(String::new(), |extra| format!("{extra:?}"));
        let lines = op.meaning();
        let meaning: Vec<&str> = lines.lines().map(str::trim).collect();
        let meaning = meaning.join(" ").trim().replace('|', "\\|");
        text.push_str(&format!("| {number} | `{}` | {shape} | {extra} | {meaning} |\n", op.name()));
    }
    text + "\n"
}

fn natives() -> String {
    let mut text = "\n| function | arguments |\n|---|---|\n".to_owned();
    for native in NATIVES {
        let range = match (native.min, native.max) {
            (min, max) if min == max => min.to_string(),
            (min, Native::ANY) => format!("{min} or more"),
            (min, max) => format!("{min} to {max}"),
        };
        text.push_str(&format!("| `{}` | {range} |\n", native.name));
    }
    text + "\n"
}

#[test]
fn the_specification_has_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/bytecode.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let natives_begin = BEGIN.replace("the opcode table", "the functions of the machine");
    let natives_end = END.replace("the opcode table", "the functions of the machine");
    let mut expected = page.clone();
    for (begin, end, table) in [(BEGIN, END, table()), (&natives_begin, &natives_end, natives())] {
        let start = expected.find(begin).unwrap() + begin.len();
        let stop = expected.find(end).unwrap();
        expected.replace_range(start..stop, &table);
    }
    if std::env::var_os("PRISM_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(page == expected, "run this test with PRISM_BLESS=1 and read the diff");
    for kind in Kind::ALL {
        assert!(page.contains(&format!("{} {}", kind as u8, kind.name())), "{}", kind.name());
    }
}
