//! The allocator of `prismc` and `prism`: checking a program and driving runs make many small values,
//! on all processors, and give them up on others.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

use libmimalloc_sys as mi;

/// What every block of at least so many bytes is aligned to, without being asked.
const GIVEN: usize = 16;
/// Blocks of at least so many bytes are the system's. It makes a long one longer by moving its pages,
/// where mimalloc copies and touches new ones; and it does not put the rows of a table a multiple of
/// a kilobyte apart, where a column of them shares a few places of the cache.
const LARGE: usize = 1 << 12;

/// mimalloc, and for large blocks the system. mimalloc's functions for aligned blocks, which its own
/// allocator for Rust uses for all, ask for more room than a block needs, and look for it on the slow
/// way.
pub struct Allocator;

fn is_given(layout: Layout) -> bool {
    layout.align() <= GIVEN && layout.align() <= layout.size()
}

fn is_large(layout: Layout) -> bool {
    layout.size() >= LARGE
}

#[expect(unsafe_code, reason = "the trait is unsafe")]
// SAFETY: mimalloc keeps the contract of `malloc`: a block has at least the size asked for, and the
// alignment of the largest plain value, 16, or for smaller blocks that of the largest power of two
// that fits into them; a block from one of its functions can be given to any other. Whose a block is
// follows from the size in its layout, which is the same whenever it is named.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            unsafe { System.alloc(layout) }
        } else if is_given(layout) {
            unsafe { mi::mi_malloc(layout.size()).cast() }
        } else {
            unsafe { mi::mi_malloc_aligned(layout.size(), layout.align()).cast() }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            unsafe { System.alloc_zeroed(layout) }
        } else if is_given(layout) {
            unsafe { mi::mi_zalloc(layout.size()).cast() }
        } else {
            unsafe { mi::mi_zalloc_aligned(layout.size(), layout.align()).cast() }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_large(layout) {
            unsafe { System.dealloc(block, layout) }
        } else {
            unsafe { mi::mi_free(block.cast()) }
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size is one for this alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (is_large(layout), is_large(new)) {
            (true, true) => unsafe { System.realloc(block, layout, size) },
            (false, false) if is_given(layout) && is_given(new) => unsafe {
                mi::mi_realloc(block.cast(), size).cast()
            },
            (false, false) => unsafe {
                mi::mi_realloc_aligned(block.cast(), size, layout.align()).cast()
            },
            (true, false) | (false, true) => unsafe { moved(block, layout, new) },
        }
    }
}

/// A block that gets another owner; null, and the block stays, where there is no room.
#[cold]
#[expect(unsafe_code, reason = "blocks are raw memory")]
unsafe fn moved(block: *mut u8, old: Layout, new: Layout) -> *mut u8 {
    // SAFETY: the caller of `realloc` gives a block with its layout; both blocks are at least as long
    // as the shorter of the two, and do not overlap.
    unsafe {
        let to = Allocator.alloc(new);
        if !to.is_null() {
            ptr::copy_nonoverlapping(block, to, old.size().min(new.size()));
            Allocator.dealloc(block, old);
        }
        to
    }
}

#[cfg(test)]
#[expect(unsafe_code, reason = "blocks are raw memory")]
mod tests {
    use super::*;

    /// A block keeps what is in it, whoever it belongs to, and its alignment.
    #[test]
    fn blocks_keep_their_bytes_when_they_grow_and_shrink() {
        for align in [1, 8, 16, 64, 4096] {
            let mut layout = Layout::from_size_align(24, align).expect("a layout");
            // SAFETY: every layout is the one that its block was asked for with, and has a size.
            unsafe {
                let mut block = Allocator.alloc_zeroed(layout);
                assert!((0..24).all(|at| *block.add(at) == 0));
                (0..24).for_each(|at| *block.add(at) = at as u8);
                for size in [40, LARGE - 1, LARGE, 5 * LARGE, LARGE + 1, LARGE - 1, 3 * LARGE, 24] {
                    block = Allocator.realloc(block, layout, size);
                    layout = Layout::from_size_align(size, align).expect("a layout");
                    assert_eq!(block as usize % align, 0, "{size} bytes");
                    assert!((0..24).all(|at| *block.add(at) == at as u8), "{size} bytes");
                    *block.add(size - 1) = 23;
                }
                Allocator.dealloc(block, layout);
            }
        }
    }

    #[test]
    fn large_blocks_are_zeroed_when_they_are_asked_to() {
        let layout = Layout::from_size_align(2 * LARGE, 8).expect("a layout");
        // SAFETY: as above.
        unsafe {
            let block = Allocator.alloc_zeroed(layout);
            assert!((0..2 * LARGE).all(|at| *block.add(at) == 0));
            Allocator.dealloc(block, layout);
        }
    }
}
