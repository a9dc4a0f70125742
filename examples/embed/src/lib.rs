//! A service that answers questions with a Prism program: one JSON object per line, one answer
//! per line.

use std::sync::Arc;

use prism::{Call, Data, Engine, Failure, Limits, RunResult};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const PROGRAM: &str = include_str!("../gate.prism");

/// Lines longer than this are refused.
const MAX_LINE: usize = 64 * 1024;

/// The engine with its two reviewers, and what they may use.
pub fn engine() -> Engine {
    Engine::new()
        .agent("wording", async |call| review(&call, |text| !text.contains("draft"), 0.9))
        .agent("size", async |call| review(&call, |text| text.len() < 200, 0.7))
        .function("limit(name: string): number", async |_| Ok(Data::from(0.7)))
        .limits(Limits { fuel: 1_000_000, memory: 16 << 20, ..Limits::default() })
}

fn review(call: &Call, is_fine: impl Fn(&str) -> bool, sure: f64) -> Result<Data, Failure> {
    let text = call.input.get("text").and_then(Data::as_text);
    let text = text.ok_or_else(|| Failure("there is no text".to_owned()))?;
    Ok(Data::from(if is_fine(text) { "approve" } else { "reject" }).with_confidence(sure))
}

/// Serves every connection until the listener fails.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let engine = Arc::new(engine());
    loop {
        let (stream, _) = listener.accept().await?;
        let engine = engine.clone();
        tokio::spawn(async move {
            // The other side is gone; there is nobody to tell.
            let _ = converse(&engine, stream).await;
        });
    }
}

async fn converse(engine: &Engine, stream: TcpStream) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = answer(engine, &line).await;
        writer.write_all(format!("{answer}\n").as_bytes()).await?;
    }
    Ok(())
}

async fn answer(engine: &Engine, line: &str) -> Value {
    if line.len() > MAX_LINE {
        return json!({ "error": "the line is too long" });
    }
    let Ok(input) = serde_json::from_str::<Value>(line) else {
        return json!({ "error": "this is not JSON" });
    };
    match engine.run(PROGRAM, input).await {
        Ok(RunResult { value: Some(value), confidence, .. }) => {
            json!({ "value": Value::from(&value), "confidence": confidence })
        }
        Ok(RunResult { failure: Some(failure), .. }) => {
            json!({ "error": failure.message, "code": failure.code })
        }
        Ok(RunResult { status, .. }) => json!({ "error": format!("the run is {}", status.name()) }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}
