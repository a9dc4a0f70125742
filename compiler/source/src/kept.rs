//! Results that can be given up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A large result that is seldom needed twice. Clones are one, and it can be given up: whoever
/// asks for it again has it computed again, which must give the same.
#[derive(Debug)]
pub struct Kept<T>(Arc<Mutex<Option<Arc<T>>>>);

impl<T> Kept<T> {
    pub fn new(value: T) -> Kept<T> {
        Kept(Arc::new(Mutex::new(Some(Arc::new(value)))))
    }

    /// The value, from `compute` if it was given up.
    pub fn get_or(&self, compute: impl FnOnce() -> T) -> Arc<T> {
        if let Some(value) = &*self.lock() {
            return value.clone();
        }
        // Unlocked: it may ask for what another thread computes, which may ask for this.
        self.fill(compute())
    }

    /// The value, which is this one if it was given up.
    pub fn fill(&self, value: T) -> Arc<T> {
        self.lock().get_or_insert_with(|| Arc::new(value)).clone()
    }

    /// Gives the value up, as soon as nobody reads it.
    pub fn release(&self) {
        *self.lock() = None;
    }

    pub fn is_released(&self) -> bool {
        self.lock().is_none()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Kept<T> {
        Kept(self.0.clone())
    }
}

/// What was given up is equal to nothing but itself.
impl<T: PartialEq> PartialEq for Kept<T> {
    fn eq(&self, other: &Kept<T>) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        let (left, right) = (self.lock().clone(), other.lock().clone());
        left.is_some() && left == right
    }
}

impl<T: Eq> Eq for Kept<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_up_is_computed_again_once_for_all_clones() {
        let kept = Kept::new(vec![1]);
        let (clone, before) = (kept.clone(), kept.get_or(|| vec![2]));
        assert!(!clone.is_released());
        kept.release();
        assert!(clone.is_released());
        assert_eq!(Arc::strong_count(&before), 1, "nobody else keeps it");
        assert_eq!(*clone.get_or(|| vec![3]), [3]);
        assert!(Arc::ptr_eq(&clone.get_or(Vec::new), &kept.get_or(Vec::new)));
    }

    #[test]
    fn what_was_given_up_is_equal_to_itself_alone() {
        let (one, other) = (Kept::new(1), Kept::new(1));
        assert_eq!(one, other);
        one.release();
        assert_ne!(one, other);
        other.release();
        assert_ne!(one, other);
        assert_eq!(one, one.clone());
    }
}
