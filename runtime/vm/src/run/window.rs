//! The registers of the running function, and arguments on their way.

use crate::core::Window;
use crate::value::Value;

/// The registers from `base` on.
#[inline(always)]
pub(super) fn window(stack: &mut [Value], base: u32) -> &mut Window {
    let above = stack.get_mut(base as usize..).unwrap_or_default();
    above.first_chunk_mut().expect("`Fiber::reach` keeps a window above every base")
}

/// Moves arguments to the first registers of the callee.
#[inline(always)]
pub(super) fn move_args(stack: &mut [Value], from: usize, to: usize, count: u8) {
    let (below, above) = stack.split_at_mut(to);
    let args = below[from..].iter_mut().take(usize::from(count));
    for (slot, arg) in above.iter_mut().zip(args) {
        *slot = std::mem::take(arg);
    }
}
