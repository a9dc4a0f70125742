//! The service, over a connection.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Sends lines over one connection; gives back the answers.
async fn ask(lines: &[&str]) -> Vec<Value> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(prism_example_embed::serve(listener));
    let (reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    let mut answers = BufReader::new(reader).lines();
    let mut found = Vec::new();
    for line in lines {
        writer.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        let answer = answers.next_line().await.unwrap().unwrap();
        found.push(serde_json::from_str(&answer).unwrap());
    }
    found
}

#[tokio::test]
async fn it_decides_asks_and_refuses() {
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(300));
    let found = ask(&["{\"text\": \"v2\"}", &long, "no JSON", "{\"text\": \"v3\"}"]).await;
    // Both approve: all of the weight, and sure to (0.9 + 0.7) / 2 = 0.8.
    assert_eq!(found[0]["value"], json!({ "decision": "approve", "by": "agents" }));
    // They disagree: 0.9 of 1.6 is less than the threshold.
    assert_eq!(found[1]["value"], json!({ "decision": "ask a person", "by": "gate" }));
    assert_eq!(found[2], json!({ "error": "this is not JSON" }));
    assert_eq!(found[3]["value"]["by"], "agents");
}
