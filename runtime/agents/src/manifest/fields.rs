//! Typed access to the keys of one table. A wrong value is reported where it stands and then
//! counts as absent.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{ManifestError, words};
use crate::duration;

type Entry<'t, 'i> = (&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>);

/// The entries of a table as they stand in the file; the table itself is sorted by key.
pub(super) fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut entries: Vec<Entry<'t, 'i>> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// One table under its path, such as `agents.reviewer.retry`.
pub(super) struct Fields<'t, 'i, 'e> {
    path: String,
    table: &'t DeTable<'i>,
    errors: &'e mut Vec<ManifestError>,
}

impl<'t, 'i, 'e> Fields<'t, 'i, 'e> {
    /// Reports every key of the table that is not among `known`.
    pub(super) fn new(
        path: String,
        table: &'t DeTable<'i>,
        known: &[&str],
        errors: &'e mut Vec<ManifestError>,
    ) -> Fields<'t, 'i, 'e> {
        for (key, _) in in_order(table) {
            if !known.contains(&key.get_ref().as_ref()) {
                errors.push(words::unknown_key(&path, key.get_ref(), known, key.span()));
            }
        }
        Fields { path, table, errors }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => self.wrong(key, "a string", value),
        }
    }

    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.get(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            return self.wrong(key, "an array of strings", value);
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => texts.push(text.to_string()),
                _ => return self.wrong(key, "an array of strings", item),
            }
        }
        Some(texts)
    }

    /// The pairs of a table of strings, in the order of the file.
    pub(super) fn text_table(&mut self, key: &str) -> Option<Vec<(String, String)>> {
        let (table, _) = self.table(key)?;
        let mut pairs = Vec::new();
        for (name, item) in in_order(table) {
            match item.get_ref() {
                DeValue::String(text) => pairs.push((name.get_ref().to_string(), text.to_string())),
                _ => return self.wrong(key, "a table of strings", item),
            }
        }
        Some(pairs)
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong(key, "`true` or `false`", value),
        }
    }

    pub(super) fn number(&mut self, key: &str, range: Range<u64>) -> Option<u64> {
        let value = self.get(key)?;
        let number = whole(value.get_ref()).filter(|number| range.contains(number));
        if number.is_none() {
            let expected = format!("a whole number from {} to {}", range.start, range.end - 1);
            return self.wrong(key, &expected, value);
        }
        number
    }

    /// A duration of at least one millisecond.
    pub(super) fn duration(&mut self, key: &str) -> Option<Duration> {
        let value = self.get(key)?;
        let read = match value.get_ref() {
            DeValue::String(text) => duration::parse(text),
            _ => None,
        };
        match read.filter(|read| *read >= Duration::from_millis(1)) {
            Some(read) => Some(read),
            None => self.wrong(key, "a duration like \"500ms\", \"30s\", \"5m\" or \"1h\"", value),
        }
    }

    /// A size in bytes: a string with a unit, or a whole number.
    pub(super) fn size(&mut self, key: &str, range: Range<u64>) -> Option<u64> {
        let value = self.get(key)?;
        let read = match value.get_ref() {
            DeValue::String(text) => duration::parse_size(text),
            other => whole(other),
        };
        match read.filter(|read| range.contains(read)) {
            Some(read) => Some(read),
            None => {
                let expected = format!(
                    "a size like \"512Ki\", \"8Mi\" or \"1Gi\" from {} to {} bytes",
                    range.start,
                    range.end - 1
                );
                self.wrong(key, &expected, value)
            }
        }
    }

    /// One of the words, with what it stands for.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.get(key)?;
        let chosen = match value.get_ref() {
            DeValue::String(text) => words.iter().find(|(word, _)| *word == text.as_ref()),
            _ => None,
        };
        if chosen.is_none() {
            let quoted: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            return self.wrong(key, &quoted.join(" or "), value);
        }
        chosen.map(|(_, meaning)| *meaning)
    }

    pub(super) fn table(&mut self, key: &str) -> Option<(&'t DeTable<'i>, Range<usize>)> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some((table, value.span())),
            _ => self.wrong(key, "a table", value),
        }
    }

    /// The fields of a table inside this one.
    pub(super) fn inside<'s>(
        &'s mut self,
        key: &str,
        table: &'t DeTable<'i>,
        known: &[&str],
    ) -> Fields<'t, 'i, 's> {
        Fields::new(format!("{}.{key}", self.path), table, known, self.errors)
    }

    pub(super) fn report(&mut self, error: ManifestError) {
        self.errors.push(error);
    }

    pub(super) fn wrong<T>(
        &mut self,
        key: &str,
        expected: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<T> {
        self.errors.push(words::wrong_type(&format!("{}.{key}", self.path), expected, value));
        None
    }
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}
