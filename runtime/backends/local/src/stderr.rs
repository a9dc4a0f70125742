//! Standard error of an agent: passed on line by line, its end kept for errors, all bounded.

use prism_agents::AgentNote;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

/// Whom a line is told.
type Heard<'a> = dyn Fn(AgentNote) + Send + Sync + 'a;

/// Bytes kept for an error.
const TAIL: usize = 8 << 10;

/// Lines passed on per call; an agent that floods is read on, but not repeated.
const MAX_LINES: usize = 1_000;

/// Bytes of a line that are passed on.
const MAX_LINE: usize = 2_000;

pub(crate) struct Stderr {
    input: Option<Receiver>,
    chunk: Vec<u8>,
    line: Vec<u8>,
    tail: Vec<u8>,
    n_lines: usize,
}

impl Stderr {
    pub(crate) fn new(input: Option<Receiver>) -> Stderr {
        Stderr { input, chunk: Vec::new(), line: Vec::new(), tail: Vec::new(), n_lines: 0 }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.input.is_some()
    }

    /// Forgets what an earlier call of the same process left.
    pub(crate) fn start_call(&mut self) {
        (self.n_lines, self.tail, self.line) = (0, Vec::new(), Vec::new());
    }

    /// Reads until the stream ends. Dropping the future loses nothing.
    pub(crate) async fn pump(&mut self, note: &Heard<'_>) {
        while let Some(input) = &mut self.input {
            self.chunk.clear();
            self.chunk.reserve(4096);
            match input.read_buf(&mut self.chunk).await {
                Ok(1..) => self.take_chunk(note),
                Ok(0) | Err(_) => self.input = None,
            }
        }
        self.pass_line(note);
    }

    /// The end of what was written.
    pub(crate) fn tail(&self) -> String {
        String::from_utf8_lossy(&self.tail).into_owned()
    }

    fn take_chunk(&mut self, note: &Heard<'_>) {
        self.tail.extend_from_slice(&self.chunk);
        if self.tail.len() > TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
        let chunk = std::mem::take(&mut self.chunk);
        for byte in &chunk {
            match byte {
                b'\n' => self.pass_line(note),
                _ if self.line.len() < MAX_LINE => self.line.push(*byte),
                _ => {}
            }
        }
        self.chunk = chunk;
    }

    fn pass_line(&mut self, note: &Heard<'_>) {
        if !self.line.is_empty() && self.n_lines < MAX_LINES {
            note(AgentNote::Stderr(String::from_utf8_lossy(&self.line).into_owned()));
            self.n_lines += 1;
        }
        self.line.clear();
    }
}
