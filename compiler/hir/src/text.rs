//! Texts of bodies and items, of which most come again and again.

use std::cell::RefCell;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::body::Text;

/// The texts that each thread remembers; a new one takes the place of another.
const N_RECENT: usize = 1 << 10;
/// Longer ones are hardly the same twice.
const MAX_LEN: usize = 32;

thread_local! {
    static RECENT: RefCell<Vec<Option<Text>>> = RefCell::new(vec![None; N_RECENT]);
}

/// A text with these characters: the one that the thread met before, if it remembers it.
pub(crate) fn shared(text: &str) -> Text {
    if text.len() > MAX_LEN {
        return text.into();
    }
    let hash = FxBuildHasher.hash_one(text);
    RECENT.with_borrow_mut(|recent| {
        let slot = &mut recent[(hash >> 32) as usize % N_RECENT];
        match slot {
            Some(found) if **found == *text => found.clone(),
            _ => slot.insert(text.into()).clone(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_characters_are_one_text() {
        let votes = shared("votes");
        assert!(Text::ptr_eq(&votes, &shared(&String::from("votes"))));
        assert_eq!(&*shared("vote"), "vote");
        let long = "a".repeat(MAX_LEN + 1);
        assert_eq!(&*shared(&long), long);
        assert!(!Text::ptr_eq(&shared(&long), &shared(&long)));
    }

    #[test]
    fn no_text_is_taken_for_another() {
        // More than the thread remembers, so that places are taken over and over.
        for round in 0..2 {
            for number in 0..8 * N_RECENT {
                let text = format!("t{number}");
                assert_eq!(*shared(&text), *text, "in round {round}");
            }
        }
    }
}
