//! An editor of a few lines: it starts `prismc lsp` and speaks JSON-RPC with it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A server that does not answer within this time hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    next_id: i64,
    /// The last diagnostics of each document, as the server pushed them.
    pub pushed: BTreeMap<String, Value>,
    /// Responses that nobody asked for yet.
    responses: Vec<Value>,
    /// Methods of the requests that the server made.
    pub asked: Vec<String>,
}

impl Client {
    /// A server that has not heard anything yet.
    pub fn start() -> Client {
        let mut child = Command::new(env!("CARGO_BIN_EXE_prismc"))
            .arg("lsp")
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("prismc starts");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        Client {
            child,
            input,
            messages,
            next_id: 0,
            pushed: BTreeMap::new(),
            responses: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// A server for one folder, and an editor that can do these things.
    pub fn open_folder(folder: &Path, capabilities: Value) -> Client {
        let mut client = Client::start();
        let folders = json!([{ "uri": uri(folder), "name": "folder" }]);
        let params = json!({
            "processId": null,
            "rootUri": null,
            "workspaceFolders": folders,
            "capabilities": capabilities,
        });
        client.ask("initialize", params);
        client.tell("initialized", json!({}));
        client
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and does not wait.
    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The result of a request, or its error under `error`.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer(&json!(id))
    }

    pub fn answer(&mut self, id: &Value) -> Value {
        self.until("an answer", |client| {
            let at = client.responses.iter().position(|response| response["id"] == *id)?;
            let response = client.responses.remove(at);
            Some(match response.get("result") {
                Some(result) => result.clone(),
                None => json!({ "error": response["error"] }),
            })
        })
    }

    /// Listens until `found` finds what it wants.
    pub fn until<T>(&mut self, what: &str, mut found: impl FnMut(&mut Client) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            let left = PATIENCE.saturating_sub(start.elapsed());
            match self.messages.recv_timeout(left) {
                Ok(message) => self.take(message),
                Err(error) => panic!("no {what}: {error}; pushed: {:#?}", self.pushed),
            }
        }
    }

    fn take(&mut self, message: Value) {
        match message["method"].as_str() {
            Some("textDocument/publishDiagnostics") => {
                let params = message["params"].clone();
                let uri = params["uri"].as_str().expect("a URI").to_owned();
                self.pushed.insert(uri, params);
            }
            Some(method) => {
                if !message["id"].is_null() {
                    self.asked.push(method.to_owned());
                    let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": null });
                    self.send(&answer);
                }
            }
            None => self.responses.push(message),
        }
    }

    pub fn open(&mut self, uri: &str, version: i32, text: &str) {
        let document =
            json!({ "uri": uri, "languageId": "prism", "version": version, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn change(&mut self, uri: &str, version: i32, changes: Value) {
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.tell("textDocument/didChange", params);
    }

    pub fn close(&mut self, uri: &str) {
        self.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// Waits until a document has exactly these codes, in the order of the text.
    pub fn expect_codes(&mut self, uri: &str, codes: &[&str]) -> Value {
        let what = format!("diagnostics {codes:?} of {uri}");
        self.until(&what, |client| {
            let pushed = client.pushed.get(uri)?;
            (codes_of(&pushed["diagnostics"]) == codes).then(|| pushed.clone())
        })
    }

    /// Waits for the diagnostics of a version.
    pub fn expect_version(&mut self, uri: &str, version: i32) -> Value {
        self.until(&format!("diagnostics of version {version}"), |client| {
            let pushed = client.pushed.get(uri)?;
            (pushed["version"] == version).then(|| pushed["diagnostics"].clone())
        })
    }

    /// Says good-bye, and gives the exit status.
    pub fn stop(mut self) -> ExitStatus {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.end()
    }

    /// Waits for the process without closing its input.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            match self.child.try_wait().expect("it is our child") {
                Some(status) => return status,
                None if start.elapsed() > PATIENCE => panic!("the server does not end"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Closes the input, as an editor that was killed does.
    pub fn hang_up(&mut self) {
        self.input = None;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A test that failed leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn codes_of(diagnostics: &Value) -> Vec<String> {
    let all = diagnostics.as_array().expect("a list of diagnostics");
    all.iter().map(|one| one["code"].as_str().expect("a code").to_owned()).collect()
}

pub fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().expect("temporary paths are simple"))
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length:") {
            length = value.trim().parse().expect("a number of bytes");
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("the server writes JSON"))
}
