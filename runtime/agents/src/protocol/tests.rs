use std::sync::Arc;

use super::*;
use crate::{AgentCall, AgentSpec, Ticket};

fn read(line: &str) -> Result<Line, AgentError> {
    read_line("a", "call-7", line.as_bytes())
}

/// The code of the error, and its first line.
fn error(line: &str) -> (&'static str, String) {
    let error = read(line).unwrap_err();
    (error.code, error.message)
}

fn answer(line: &str) -> AgentReply {
    match read(line) {
        Ok(Line::Answer(Ok(reply))) => reply,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_carries_everything() {
    let now = Instant::now();
    let call = AgentCall {
        input: Data::object([("path", Data::from("src"))]),
        idempotency_key: "r1/main.review".to_owned(),
        ..AgentCall::new("a", Data::from("look\nhere"))
    };
    let attempt = Attempt {
        ticket: Ticket(7),
        spec: Arc::new(AgentSpec::local("a", &["x"], ".")),
        call: Arc::new(call),
        number: 1,
        until: now + Duration::from_millis(1500),
    };
    let expected = concat!(
        r#"{"id":"call-7","task":"look\nhere","input":{"path":"src"},"context":null,"#,
        r#""deadline_ms":1500,"idempotency_key":"r1/main.review"}"#,
        "\n"
    );
    let mut lines = b"before\n".to_vec();
    write_request(&mut lines, &attempt, now).unwrap();
    assert_eq!(String::from_utf8(lines).unwrap(), format!("before\n{expected}"));
}

#[test]
fn answers_are_read() {
    let reply = answer(r#"{"id":"call-7","value":{"x":1},"confidence":0.5,"reasoning":"why"}"#);
    assert_eq!(reply.value, Data::object([("x", Data::Number(1.0))]));
    assert_eq!((reply.confidence, reply.reasoning.as_deref()), (Some(0.5), Some("why")));
    let bare = answer(r#"{"id":"call-7","value":null,"confidence":null,"more":"ignored"}"#);
    assert_eq!(bare, AgentReply { value: Data::Null, confidence: None, reasoning: None });
    let pair = answer(r#"{"id":"call-7","value":{"~":["yes",0.4]}}"#);
    assert_eq!((pair.value, pair.confidence), (Data::from("yes"), Some(0.4)));
    let progress = read(r#"{"id":"call-7","progress":0.25}"#);
    assert_eq!(progress, Ok(Line::Progress(Data::Number(0.25))));
}

#[test]
fn an_agent_may_report_its_own_error() {
    let line = r#"{"id":"call-7","error":{"message":"no quota","retryable":false,"after":3}}"#;
    let Ok(Line::Answer(Err(error))) = read(line) else { panic!("not an error") };
    assert_eq!((error.code, error.retryable), ("P2116", false));
    assert_eq!(error.message, "agent `a` reported: no quota");
    assert_eq!(error.data, Data::object([("after", Data::Number(3.0))]));
}

#[test]
fn a_confidence_is_a_number_in_range() {
    for bad in ["1.5", "-0.1", "\"high\"", "true", "[]", "NaN", "-Infinity", "Infinity"] {
        let (code, message) = error(&format!(r#"{{"id":"call-7","value":1,"confidence": {bad}}}"#));
        assert_eq!(code, "P2112", "{message}");
        assert!(message.contains(&format!("confidence {bad}, expected")), "{message}");
    }
}

#[test]
fn lines_that_break_the_protocol_have_their_own_codes() {
    let deep = format!(r#"{{"id":"call-7","value":{}}}"#, "[".repeat(100_000));
    for (line, code, part) in [
        ("Loading model…", "P2108", "not JSON: expected value at byte 1"),
        (r#"{"id":"call-7","value":NaN}"#, "P2108", "not JSON"),
        (r#"{"id":"call-7","value":1e999}"#, "P2108", "number out of range"),
        (r#"{"id":"call-7","value":1} trailing"#, "P2108", "trailing characters"),
        ("[1]", "P2111", "not an object"),
        (r#"{"value":1}"#, "P2111", "no `id`"),
        (r#"{"id":"call-7"}"#, "P2111", "no `value`"),
        (r#"{"id":"call-7","value":1,"error":{"message":"x"}}"#, "P2111", "both"),
        (r#"{"id":"call-7","error":{}}"#, "P2111", "`message`"),
        (r#"{"id":"call-7","error":7}"#, "P2111", "not an object"),
        (r#"{"id":"call-7","value":1,"reasoning":7}"#, "P2111", "not a string"),
        (r#"{"id":"call-8","value":1}"#, "P2113", "answered call \"call-8\", expected call-7"),
        (r#"{"id":7,"value":1}"#, "P2113", "answered call 7,"),
        (deep.as_str(), "P2115", "deeper than 128"),
    ] {
        let (found, message) = error(line);
        assert_eq!(found, code, "{message}");
        assert!(message.contains(part), "{message}");
    }
    let bytes = read_line("a", "call-7", b"{\"id\":\"\xff\"}").unwrap_err();
    assert_eq!((bytes.code, bytes.message.contains("byte 7")), ("P2109", true));
}
