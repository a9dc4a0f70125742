//! Lines of a stream, with a limit on their length.

use std::io;
use std::ops::Range;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that there is room for at least. The room grows with what is read.
const CHUNK: usize = 4 << 10;

pub(crate) struct Lines<R> {
    input: R,
    /// What was read and not yet given out begins at `start`.
    buffer: Vec<u8>,
    start: usize,
    /// Up to here there is no newline after `start`.
    searched: usize,
    max: usize,
    at_end: bool,
}

/// What comes next on the stream.
#[derive(Debug, PartialEq)]
pub(crate) enum Next<'l> {
    /// Without its newline. The last line need not have one.
    Line(&'l [u8]),
    /// The line has more bytes than this limit; the stream is of no further use.
    TooLong(usize),
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(input: R, max: usize) -> Lines<R> {
        Lines { input, buffer: Vec::new(), start: 0, searched: 0, max, at_end: false }
    }

    /// Dropping the future loses nothing. A stream that fails counts as ended.
    pub(crate) async fn next(&mut self) -> Next<'_> {
        loop {
            if let Some(found) = self.find() {
                return self.give(found);
            }
            if self.at_end {
                let line = self.start..self.buffer.len();
                (self.start, self.searched) = (line.end, line.end);
                return if line.is_empty() { Next::End } else { Next::Line(&self.buffer[line]) };
            }
            self.at_end = !matches!(self.read().await, Ok(1..));
        }
    }

    /// What has been read already, if that is a whole line or too much.
    pub(crate) fn buffered_line(&mut self) -> Option<Next<'_>> {
        let found = self.find()?;
        Some(self.give(found))
    }

    /// The place of the next line; `None`: it is not whole yet.
    fn find(&mut self) -> Option<Range<usize>> {
        let newline = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
        self.searched = newline.map_or(self.buffer.len(), |at| self.searched + at);
        let line = self.start..self.searched;
        (newline.is_some() || line.len() > self.max).then_some(line)
    }

    fn give(&mut self, line: Range<usize>) -> Next<'_> {
        if line.len() > self.max {
            return Next::TooLong(self.max);
        }
        (self.start, self.searched) = (line.end + 1, line.end + 1);
        Next::Line(&self.buffer[line])
    }

    async fn read(&mut self) -> io::Result<usize> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.buffer.reserve(CHUNK);
        self.input.read_buf(&mut self.buffer).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(text: &str, max: usize, expected: &[Next<'_>]) {
        let mut lines = Lines::new(text.as_bytes(), max);
        for expected in expected {
            assert_eq!(lines.next().await, *expected, "{text:?}");
        }
    }

    fn line(text: &str) -> Next<'_> {
        Next::Line(text.as_bytes())
    }

    #[tokio::test]
    async fn lines_end_with_a_newline_or_the_stream() {
        check("one\n\ntwo", 10, &[line("one"), line(""), line("two"), Next::End]).await;
        check("", 10, &[Next::End]).await;
    }

    #[tokio::test]
    async fn a_line_may_have_exactly_the_limit() {
        check("1234\n12345\n", 4, &[line("1234"), Next::TooLong(4)]).await;
        check("12345", 4, &[Next::TooLong(4)]).await;
    }
}
