//! An arena of counted entries that are named by their index.

use std::mem::offset_of;

/// Entries of one kind. A freed entry holds `T::default()` until it is used again.
pub(crate) struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

#[repr(C)]
struct Entry<T> {
    /// Holders; zero for a free entry.
    count: u32,
    item: T,
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T: Default> Slab<T> {
    /// A new entry with one holder.
    #[inline]
    pub(crate) fn alloc(&mut self, item: T) -> u32 {
        if let Some(index) = self.free.pop() {
            self.entries[index as usize] = Entry { count: 1, item };
            return index;
        }
        let index = self.entries.len() as u32;
        self.entries.push(Entry { count: 1, item });
        index
    }

    #[inline(always)]
    pub(crate) fn get(&self, index: u32) -> &T {
        &self.entries[index as usize].item
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self, index: u32) -> &mut T {
        &mut self.entries[index as usize].item
    }

    /// The item of an entry with one holder.
    #[inline(always)]
    pub(crate) fn unique(&mut self, index: u32) -> Option<&mut T> {
        let entry = &mut self.entries[index as usize];
        (entry.count == 1).then_some(&mut entry.item)
    }

    /// The item at a place that may lie beyond the arena.
    #[inline(always)]
    pub(crate) fn find(&self, place: u64) -> Option<&T> {
        Some(&self.entries.get(usize::try_from(place).ok()?)?.item)
    }

    /// The same, to be changed.
    #[inline(always)]
    pub(crate) fn find_mut(&mut self, place: u64) -> Option<&mut T> {
        Some(&mut self.entries.get_mut(usize::try_from(place).ok()?)?.item)
    }

    /// The same for an entry with one holder.
    #[inline(always)]
    pub(crate) fn find_unique(&mut self, place: u64) -> Option<&mut T> {
        let entry = self.entries.get_mut(usize::try_from(place).ok()?)?;
        (entry.count == 1).then_some(&mut entry.item)
    }

    #[inline(always)]
    pub(crate) fn count(&self, index: u32) -> u32 {
        self.entries[index as usize].count
    }

    #[inline(always)]
    pub(crate) fn retain(&mut self, index: u32) {
        self.entries[index as usize].count += 1;
    }

    /// One holder less; whether it was the last. The entry stays until `free`.
    #[inline(always)]
    pub(crate) fn forget(&mut self, index: u32) -> bool {
        let entry = &mut self.entries[index as usize];
        debug_assert!(entry.count > 0, "a value was released twice");
        entry.count = entry.count.wrapping_sub(1);
        entry.count == 0
    }

    /// One holder less where there are more; whether it was so.
    #[inline(always)]
    pub(crate) fn forget_one(&mut self, place: u64) -> bool {
        let entry = usize::try_from(place).ok().and_then(|place| self.entries.get_mut(place));
        match entry {
            Some(entry) if entry.count > 1 => {
                entry.count -= 1;
                true
            }
            _ => false,
        }
    }

    /// Takes the item of an entry without holders; the index may be used again.
    #[inline]
    pub(crate) fn free(&mut self, index: u32) -> T {
        self.free.push(index);
        std::mem::take(&mut self.entries[index as usize].item)
    }

    /// Empty entries without holders at the end; the index of the first.
    pub(crate) fn extend(&mut self, count: usize) -> u32 {
        let first = self.entries.len();
        self.entries.resize_with(first + count, || Entry { count: 0, item: T::default() });
        first as u32
    }

    /// Takes all holders from an entry that is to be freed.
    pub(crate) fn clear_count(&mut self, index: u32) {
        self.entries[index as usize].count = 0;
    }

    /// Where the entries begin.
    pub(crate) fn base(&mut self) -> *mut u8 {
        self.entries.as_mut_ptr().cast()
    }

    /// The size of an entry, and where in it its count and its item are.
    pub(crate) const LAYOUT: [usize; 3] =
        [size_of::<Entry<T>>(), offset_of!(Entry<T>, count), offset_of!(Entry<T>, item)];

    /// Entries, free ones included.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
