//! The allocator of `prismc` and `prism`: checking a program and driving runs make many small values,
//! on all processors, and give them up on others.

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys as mi;

/// What every block of at least so many bytes is aligned to, without being asked.
const GIVEN: usize = 16;

/// mimalloc. Its functions for aligned blocks, which its own allocator for Rust uses for all, ask for
/// more room than a block needs, and look for it on the slow way.
pub struct Allocator;

fn is_given(layout: Layout) -> bool {
    layout.align() <= GIVEN && layout.align() <= layout.size()
}

#[expect(unsafe_code, reason = "the trait is unsafe")]
// SAFETY: mimalloc keeps the contract of `malloc`: a block has at least the size asked for, and the
// alignment of the largest plain value, 16, or for smaller blocks that of the largest power of two
// that fits into them; a block from one of its functions can be given to any other.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_given(layout) {
            unsafe { mi::mi_malloc(layout.size()).cast() }
        } else {
            unsafe { mi::mi_malloc_aligned(layout.size(), layout.align()).cast() }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_given(layout) {
            unsafe { mi::mi_zalloc(layout.size()).cast() }
        } else {
            unsafe { mi::mi_zalloc_aligned(layout.size(), layout.align()).cast() }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        unsafe { mi::mi_free(block.cast()) };
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if is_given(layout) && layout.align() <= size {
            unsafe { mi::mi_realloc(block.cast(), size).cast() }
        } else {
            unsafe { mi::mi_realloc_aligned(block.cast(), size, layout.align()).cast() }
        }
    }
}
