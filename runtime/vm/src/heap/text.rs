//! Texts: UTF-8 inside, UTF-16 where a program can see lengths and positions.

use std::cell::Cell;
use std::sync::Arc;

use crate::numbers::push_number;

/// A text. Constants and texts of the host are shared with them; a text that a program builds
/// is owned, so that it can grow in place.
pub(crate) struct Text {
    repr: Repr,
    is_ascii: bool,
    /// Of a text that is not ASCII: its length in UTF-16 units once it was asked for.
    n_units: Cell<Option<u32>>,
    /// Of such a text: a character that was looked at, its first unit and byte. Programs that go
    /// through a text by positions ask for the next one.
    seen: Cell<(u32, u32)>,
}

enum Repr {
    Shared(Arc<str>),
    Owned(String),
}

impl Text {
    fn new(is_ascii: bool, repr: Repr) -> Text {
        Text { repr, is_ascii, n_units: Cell::new(None), seen: Cell::new((0, 0)) }
    }

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
        if self.is_ascii {
            return text.len();
        }
        if let Some(known) = self.n_units.get() {
            return known as usize;
        }
        let n_units = text.chars().map(char::len_utf16).sum();
        self.n_units.set(u32::try_from(n_units).ok());
        n_units
    }

    /// The UTF-16 unit at a position.
    pub(crate) fn unit(&self, at: usize) -> Option<u16> {
        let text = self.as_str();
        if self.is_ascii {
            return text.as_bytes().get(at).map(|&byte| u16::from(byte));
        }
        let (unit, byte) = self.seen.get();
        let (unit, byte) =
            if unit as usize <= at { (unit as usize, byte as usize) } else { (0, 0) };
        let (mut unit, mut byte) = (unit, byte);
        for c in text.get(byte..)?.chars() {
            let n_units = c.len_utf16();
            if at < unit + n_units {
                if let (Ok(unit), Ok(byte)) = (u32::try_from(unit), u32::try_from(byte)) {
                    self.seen.set((unit, byte));
                }
                return c.encode_utf16(&mut [0; 2]).get(at - unit).copied();
            }
            unit += n_units;
            byte += c.len_utf8();
        }
        None
    }

    pub(crate) fn push_str(&mut self, more: &str) {
        self.n_units.set(None);
        self.is_ascii &= more.is_ascii();
        self.own(more.len()).push_str(more);
    }

    pub(crate) fn push_number(&mut self, number: f64) {
        self.n_units.set(None);
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
        Text::from(String::new())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::new(text.is_ascii(), Repr::Owned(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::from(text.to_owned())
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Text {
        Text::new(text.is_ascii(), Repr::Shared(text))
    }
}
