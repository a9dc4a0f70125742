//! Lines of a stream, with a limit on their length.

use std::io;

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
pub(crate) enum Next {
    /// Without its newline. The last line need not have one.
    Line(Vec<u8>),
    /// The line has more bytes than this limit; the stream is of no further use.
    TooLong(usize),
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(input: R, max: usize) -> Lines<R> {
        Lines { input, buffer: Vec::new(), start: 0, searched: 0, max, at_end: false }
    }

    /// Dropping the future loses nothing. A stream that fails counts as ended.
    pub(crate) async fn next(&mut self) -> Next {
        loop {
            if let Some(line) = self.buffered_line() {
                return line;
            }
            if self.at_end {
                return self.rest();
            }
            self.at_end = !matches!(self.read().await, Ok(1..));
        }
    }

    /// What has been read already, if that is a whole line or too much.
    pub(crate) fn buffered_line(&mut self) -> Option<Next> {
        let newline = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = newline.map(|at| self.searched + at) else {
            self.searched = self.buffer.len();
            return (self.buffer.len() - self.start > self.max).then_some(Next::TooLong(self.max));
        };
        if end - self.start > self.max {
            return Some(Next::TooLong(self.max));
        }
        let line = self.buffer[self.start..end].to_vec();
        (self.start, self.searched) = (end + 1, end + 1);
        Some(Next::Line(line))
    }

    fn rest(&mut self) -> Next {
        if self.start == self.buffer.len() {
            return Next::End;
        }
        let line = self.buffer.split_off(self.start);
        (self.start, self.searched) = (self.buffer.len(), self.buffer.len());
        Next::Line(line)
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

    async fn all(text: &str, max: usize) -> Vec<Next> {
        let mut lines = Lines::new(text.as_bytes(), max);
        let mut found = vec![lines.next().await];
        while !matches!(found.last(), Some(Next::End | Next::TooLong(_))) {
            found.push(lines.next().await);
        }
        found
    }

    fn line(text: &str) -> Next {
        Next::Line(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn lines_end_with_a_newline_or_the_stream() {
        let found = all("one\n\ntwo", 10).await;
        assert_eq!(found, [line("one"), line(""), line("two"), Next::End]);
        assert_eq!(all("", 10).await, [Next::End]);
    }

    #[tokio::test]
    async fn a_line_may_have_exactly_the_limit() {
        assert_eq!(all("1234\n12345\n", 4).await, [line("1234"), Next::TooLong(4)]);
        assert_eq!(all("12345", 4).await, [Next::TooLong(4)]);
    }
}
