//! What targets that read artifacts share.

use std::sync::Arc;

use prism_bytecode::Verified;
use prism_vm::Limits;

/// Small enough that a program of a few bytes cannot keep the fuzzer busy.
pub const LIMITS: Limits = Limits { fuel: 20_000, memory: 1 << 20, depth: 200, requests: 20 };

/// The program in the payload of an artifact, if it decodes and verifies.
pub fn program(payload: &[u8]) -> Option<Arc<Verified>> {
    let module = prism_bytecode::decode(&prism_bytecode::seal(payload)).ok()?;
    prism_bytecode::verify(module).ok().map(Arc::new)
}
