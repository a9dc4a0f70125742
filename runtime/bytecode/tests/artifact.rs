//! Modules become bytes and text and come back; broken ones are refused and never panic.

use prism_bytecode::{
    DecodeError, FORMAT, Module, assemble, decode, disassemble, encode, format, seal, verify,
};
use proptest::prelude::*;

const PROGRAM: &str = r#"
module "demo"
global "total"
input "input", g0
method array, "map", @"twice"
site "agent.call", "main/vote"
handler "audit.record" last "agent.call" any return
requires "agent", "reviewer"
header "name", "\"demo\""

fn "main" ( ) regs 6
    load_int r0, -5
    load_const r1, "text\n\"quoted\" \u{1F600}"
    load_const_wide r2, 1.5e300
again:
    for_less r0, r1, 1, again
    jump_if r0, done
    call r0, r1, 2, @"twice"
    called "pair"
    new_object r0, r1, ["a" "b"]
    get_field_as r0, r1, optional, "name"
    call_native r2, r0, 1, Math.floor
    load_native r3, print
    set_path_global r0, 1, g0
    jump_kind r0, array, done
    closure r0, r4, 1, @"inner"
    perform r0, r1, 1, s0
    handle r0, r1, 3, h0
done:
    return r0
    catch again, done, done, r5

fn "twice" ("x" "y"? ..."rest") regs 4
    return_null
    test_jump:
    jump test_jump

fn "inner" ( ) regs 2 captures 1
    captured_get r0, c0
    return r0

test "works", @"main"
"#;

fn program() -> Module {
    assemble(PROGRAM).expect("the program is assembly")
}

#[test]
fn a_module_reads_back_from_its_bytes() {
    let module = program();
    let bytes = encode(&module);
    assert_eq!(decode(&bytes), Ok(module.clone()));
    assert_eq!(bytes, encode(&decode(&bytes).expect("it decodes")));
    verify(module).expect("it verifies");
}

#[test]
fn a_module_reads_back_from_its_text() {
    let text = disassemble(&program());
    let again = assemble(&text).expect("disassembly is assembly");
    assert_eq!(disassemble(&again), text);
    assert!(text.contains("for_less r0, r1, 1, L4"), "{text}");
}

#[test]
fn what_is_not_an_artifact_says_so() {
    let bytes = encode(&program());
    assert_eq!(decode(b""), Err(DecodeError::NotAnArtifact));
    assert_eq!(decode(b"let x = 1"), Err(DecodeError::NotAnArtifact));
    let mut other = bytes.clone();
    other[9] ^= 1;
    assert_eq!(decode(&other), Err(DecodeError::OtherVersion));
    let mut older = bytes.clone();
    older[7] = 1;
    assert_eq!(decode(&older), Err(DecodeError::OtherVersion));
    assert_eq!((format(&bytes), format(&older), format(b"prism")), (Some(FORMAT), Some(1), None));
    assert_eq!(decode(&bytes[..bytes.len() - 1]), Err(DecodeError::Damaged));
    let mut damaged = bytes;
    damaged[60] ^= 1;
    assert_eq!(decode(&damaged), Err(DecodeError::Damaged));
}

/// One broken rule, and a part of the message.
fn refused(lines: &str, message: &str) {
    let text = format!("fn \"main\" ( ) regs 3\n{lines}");
    let error = verify(assemble(&text).expect("it is assembly")).expect_err("it is refused");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn the_verifier_refuses_what_could_go_out_of_bounds() {
    refused("load_null r3\nreturn r0", "register 3");
    refused("new_array r0, r1, 3\nreturn r0", "register 3");
    refused("call_value r0, r1, 2\nreturn r0", "register 3");
    refused("load_null r0", "no end");
    refused("", "no end");
    refused("captured r0, c0\nreturn r0", "capture 0");
    refused("get_global r0, g0\nreturn r0", "global 0");
    refused("closure r0, r0, 1, @\"main\"\nreturn r0", "captures");
    refused("call r0, r0, 0, @7\nreturn r0", "function 7");
    refused("perform r0, r0, 0, s0\nreturn r0", "site 0");
    refused("arg x\nx:\nreturn r0", "belongs to no instruction");
    refused("jump_less r0, r1, end\nend:", "not an instruction");
    refused("new_object r0, r2, [\"a\" \"b\"]\nreturn r0", "register 3");
    refused("new_object r0, r0, [\"a\" \"a\"]\nreturn r0", "twice");
    refused("return r0\nx:\ncatch x, x, x, r0", "outside");
    refused("call r0, r0, 0, @0\nreturn r0\ncalled \"late\"", "not an instruction");
    refused("call r0, r0, 0, @0\ncalled \"one\"\ncalled \"two\"\nreturn r0", "do not rise");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn mutated_artifacts_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let artifact = encode(&program());
        let mut payload = artifact[48..].to_vec();
        for (at, byte) in edits {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        if cuts {
            payload.truncate(cut.index(payload.len()));
        }
        if let Ok(module) = decode(&seal(&payload)) {
            disassemble(&module);
            let _ = verify(module);
        }
    }

    #[test]
    fn random_payloads_never_panic(payload in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode(&seal(&payload));
    }
}
