//! Texts: UTF-8 inside, UTF-16 where a program can see lengths and positions.

use std::sync::Arc;

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
        match &mut self.repr {
            Repr::Owned(text) => text.push_str(more),
            Repr::Shared(text) => {
                let mut grown = String::with_capacity((text.len() + more.len()).max(16) * 2);
                grown.push_str(text);
                grown.push_str(more);
                self.repr = Repr::Owned(grown);
            }
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
