//! Texts: UTF-8 inside, UTF-16 where a program can see lengths and positions.

use std::sync::Arc;

use crate::numbers::push_number;

/// A text. Constants and texts of the host are shared with them; a text that a program builds
/// is owned, so that it can grow in place.
pub(crate) struct Text {
    repr: Repr,
    is_ascii: bool,
}

enum Repr {
    Shared(Arc<str>),
    Owned(String),
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        match &self.repr {
            Repr::Shared(text) => text,
            Repr::Owned(text) => text,
        }
    }

    /// Every character is one byte and one UTF-16 unit.
    pub(crate) fn is_ascii(&self) -> bool {
        self.is_ascii
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        match &self.repr {
            Repr::Shared(text) => text.len(),
            Repr::Owned(text) => text.capacity(),
        }
    }

    /// Length in UTF-16 units.
    pub(crate) fn units(&self) -> usize {
        let text = self.as_str();
        if self.is_ascii { text.len() } else { text.chars().map(char::len_utf16).sum() }
    }

    pub(crate) fn push_str(&mut self, more: &str) {
        self.is_ascii &= more.is_ascii();
        self.own(more.len()).push_str(more);
    }

    pub(crate) fn push_number(&mut self, number: f64) {
        push_number(self.own(0), number);
    }

    /// The text as one that can grow, with room for more if it is a new one.
    fn own(&mut self, more: usize) -> &mut String {
        if let Repr::Shared(text) = &self.repr {
            let mut grown = String::with_capacity((text.len() + more).max(16) * 2);
            grown.push_str(text);
            self.repr = Repr::Owned(grown);
        }
        match &mut self.repr {
            Repr::Owned(text) => text,
            Repr::Shared(_) => unreachable!("it was made an owned one"),
        }
    }

    /// The text for the outside; both share it from now on.
    pub(crate) fn share(&mut self) -> Arc<str> {
        match &self.repr {
            Repr::Shared(text) => text.clone(),
            Repr::Owned(text) => {
                let text: Arc<str> = text.as_str().into();
                self.repr = Repr::Shared(text.clone());
                text
            }
        }
    }
}

impl Default for Text {
    fn default() -> Text {
        Text { repr: Repr::Owned(String::new()), is_ascii: true }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text { is_ascii: text.is_ascii(), repr: Repr::Owned(text) }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::from(text.to_owned())
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Text {
        Text { is_ascii: text.is_ascii(), repr: Repr::Shared(text) }
    }
}
