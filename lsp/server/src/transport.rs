//! Standard input and output.
//!
//! A thread reads whole messages and passes on those that are messages; what is none is
//! answered here, because tower-lsp ends at the first text it cannot read.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A longer message ends the session: no editor sends one.
const MAX_MESSAGE: usize = 256 * 1024 * 1024;
const MAX_HEADER: u64 = 8 * 1024;

/// What tower-lsp reads: whole messages.
pub struct Input {
    messages: UnboundedReceiver<Vec<u8>>,
    current: Vec<u8>,
    read: usize,
}

/// What tower-lsp writes; each write is made of whole messages.
#[derive(Clone, Default)]
pub struct Output(Arc<Mutex<()>>);

/// Starts the thread that reads; it ends with standard input.
pub fn stdio() -> (Input, Output) {
    let (sender, messages) = unbounded_channel();
    let output = Output::default();
    let answers = output.clone();
    std::thread::spawn(move || {
        let mut input = BufReader::new(io::stdin());
        while let Some(frame) = next_frame(&mut input) {
            if !pass_on(frame, &sender, &answers) {
                break;
            }
        }
    });
    (Input { messages, current: Vec::new(), read: 0 }, output)
}

/// What stands between two messages on the wire.
enum Frame {
    Message(Vec<u8>),
    /// A header that gives no length.
    Broken,
    Oversized,
}

/// The next message; `None` at the end of the input.
fn next_frame(input: &mut impl BufRead) -> Option<Frame> {
    let mut length = None;
    let mut n_lines = 0;
    loop {
        let mut line = Vec::new();
        let n = input.by_ref().take(MAX_HEADER).read_until(b'\n', &mut line).ok()?;
        if n == 0 {
            return None;
        }
        if n as u64 == MAX_HEADER {
            return Some(Frame::Oversized);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() && n_lines > 0 {
            break;
        }
        n_lines += usize::from(!line.is_empty());
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let Some(length) = length else { return Some(Frame::Broken) };
    if length > MAX_MESSAGE {
        return Some(Frame::Oversized);
    }
    // Not allocated at once: the length may be a lie.
    let mut body = Vec::new();
    let n = input.by_ref().take(length as u64).read_to_end(&mut body).ok()?;
    (n == length).then_some(Frame::Message(body))
}

/// False when nobody listens any more, or the input cannot be understood from here on.
fn pass_on(frame: Frame, sender: &UnboundedSender<Vec<u8>>, answers: &Output) -> bool {
    let (code, words) = match frame {
        Frame::Message(body) => match serde_json::from_slice::<Value>(&body) {
            Ok(message) if is_message(&message) => return sender.send(framed(&body)).is_ok(),
            Ok(_) => (-32600, "this is no message of JSON-RPC 2.0"),
            Err(_) => (-32700, "this is no JSON"),
        },
        Frame::Broken => (-32700, "the header has no Content-Length"),
        Frame::Oversized => {
            eprintln!("error: the editor sent a message that is too long");
            return false;
        }
    };
    let error = json!({ "code": code, "message": words });
    let answer = json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
    answers.write(&framed(answer.as_bytes())).is_ok()
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut whole = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    whole.extend_from_slice(body);
    whole
}

/// A request, a notification or a response that tower-lsp can read.
fn is_message(message: &Value) -> bool {
    let id = &message["id"];
    let is_error = |error: &Value| error["code"].is_i64() && error["message"].is_string();
    let is_response = || {
        let has_result = message.as_object().is_some_and(|object| object.contains_key("result"));
        !id.is_null() && (has_result || is_error(&message["error"]))
    };
    message["jsonrpc"] == "2.0"
        && (id.is_null() || id.is_i64() || id.is_string())
        && (message["method"].is_string() || is_response())
}

impl Output {
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let _whole = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }
}

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read == self.current.len() {
            match ready!(self.messages.poll_recv(cx)) {
                Some(message) => (self.current, self.read) = (message, 0),
                None => return Poll::Ready(Ok(())),
            }
        }
        let rest = &self.current[self.read..];
        let n = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..n]);
        self.read += n;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Output {
    /// Waits until everything is written: there is nothing else to do for an editor that does
    /// not read, and its own messages are read by another thread meanwhile.
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
