//! A host with agents, functions and effects of its own.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prism::{
    AgentSpec, BreakerSettings, Call, Data, Engine, Error, Failure, Limits, Retry, Status,
};
use serde_json::json;

fn engine() -> Engine {
    Engine::new()
        .agent("echo", async |call| Ok(call.input.with_confidence(0.8)))
        .agent("broken", async |_| Err(Failure("out of order".to_owned())))
        .function("double(x: number): number", async |args| {
            Ok(Data::from(args[0].as_number().unwrap_or(0.0) * 2.0))
        })
        .effect("store", &["get(key: string): string", "put(key: string, value: string): null"], {
            async |operation, args| Ok(Data::from(format!("{operation} {}", args.len())))
        })
}

#[tokio::test]
async fn agents_answer_with_their_confidence() {
    let source = "agents.map(a => { try { a.call(\"t\", input) } catch (e) { e.message } })";
    let result = engine().run(source, json!([1, 2])).await.unwrap();
    let echoed = Data::from(&json!([1, 2])).with_confidence(0.8);
    let reported = Data::from("agent `broken` reported: out of order");
    assert_eq!(result.value, Some(Data::from(vec![echoed, reported])));
}

#[tokio::test]
async fn a_call_is_tried_again_as_the_settings_say() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = keys.clone();
    let settings = |spec: &mut AgentSpec| {
        spec.retry = Retry { max: 2, base: Duration::from_millis(1), ..Retry::default() };
    };
    let engine = Engine::new().agent_with("flaky", settings, move |call: Call| {
        seen.lock().unwrap().push(call.key);
        async move {
            if call.attempt < 3 { Err(Failure("busy".to_owned())) } else { Ok(Data::from("there")) }
        }
    });
    let result = engine.run("agents[0].call(\"go\")", json!(null)).await.unwrap();
    assert_eq!(result.value, Some(Data::from("there")));
    let keys = keys.lock().unwrap();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[tokio::test]
async fn an_agent_that_fails_too_often_rests() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let settings = |spec: &mut AgentSpec| {
        spec.breaker = Some(BreakerSettings { failures: 2, ..BreakerSettings::default() });
        spec.capabilities = vec!["code".into()];
        spec.timeout = Duration::from_millis(20);
    };
    let engine = Engine::new().agent_with("down", settings, move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        std::future::pending()
    });
    let source = "let codes = []\nfor n in [1, 2, 3] {\n  try { agents[0].call(n) } \
                  catch (e) { codes.push(e.code) }\n}\n[codes, agents[0].capabilities]";
    let result = engine.run(source, json!(null)).await.unwrap();
    assert_eq!(
        result.value.unwrap().to_json_text(),
        "[[\"P2107\",\"P2107\",\"P2118\"],[\"code\"]]"
    );
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_handler_that_panics_or_never_answers_fails_alone() {
    let settings = |spec: &mut AgentSpec| spec.timeout = Duration::from_millis(20);
    let engine = Engine::new()
        .agent("panics", async |call: Call| match call.task {
            Data::Null => Ok(Data::Null),
            _ => panic!("a mistake of the host"),
        })
        .agent_with("hangs", settings, async |_| std::future::pending().await);
    let source = "agents.map(a => { try { a.call(\"t\") } catch (e) { e.code } })";
    let result = engine.run(source, json!(null)).await.unwrap();
    assert_eq!(result.value.unwrap().to_json_text(), "[\"P2105\",\"P2107\"]");
}

#[tokio::test]
async fn functions_and_effects_are_imported() {
    let source = "import { double, store } from \"@host\"\n\
                  [double(21), store.get(\"k\"), store.put(\"k\", \"v\")]";
    let result = engine().run(source, json!(null)).await.unwrap();
    assert_eq!(result.value.unwrap().to_json_text(), "[42,\"get 1\",\"put 2\"]");
}

#[tokio::test]
async fn signatures_are_checked() {
    let engine = engine();
    let codes = |source: &str| -> Vec<String> {
        engine.check(source).into_iter().map(|one| one.code).collect()
    };
    assert_eq!(codes("import { double } from \"@host\"\ndouble(\"x\")"), ["P0201"]);
    assert_eq!(codes("import { double } from \"@host\"\ndouble()"), ["P0203"]);
    assert_eq!(codes("import { store } from \"@host\"\nstore.get(5)"), ["P0201"]);
    assert_eq!(codes("import { store } from \"@host\"\nstore.drop()"), ["P0507"]);
    assert_eq!(codes("import { triple } from \"@host\"\ntriple(1)"), ["P0503"]);
    // An effect of the program's own still needs a handler.
    assert_eq!(codes("effect audit { record(x: any): null }\naudit.record(1)"), ["P0302"]);
    let refused = engine.run("import { double } from \"@host\"\ndouble(\"x\")", json!(null)).await;
    assert!(matches!(refused, Err(Error::Rejected(_))));
}

#[tokio::test]
async fn a_program_may_handle_what_the_host_serves() {
    let source = "import { store } from \"@host\"\n\
                  handle { store.get(\"k\") } with { store.get(key) => resume(\"handled\") }";
    let result = engine().run(source, json!(null)).await.unwrap();
    assert_eq!(result.value, Some(Data::from("handled")));
}

#[tokio::test]
async fn a_handler_that_nobody_waits_for_is_dropped() {
    struct Noted(Arc<AtomicUsize>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let counter = dropped.clone();
    let engine = Engine::new()
        .agent("slow", move |_| {
            let noted = Noted(counter.clone());
            async move {
                std::future::pending::<()>().await;
                drop(noted);
                Ok(Data::Null)
            }
        })
        .agent("quick", async |_| Ok(Data::from("quick")));
    let source = "import { race } from \"@prism/execution\"\nrace(agents, \"go\")";
    let result = engine.run(source, json!(null)).await.unwrap();
    assert_eq!(result.value, Some(Data::from("quick")));
    let gone = async {
        while dropped.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("it is dropped");
}

#[tokio::test]
async fn a_hostile_program_leaves_the_host_healthy() {
    let limits = Limits { fuel: 10_000_000, memory: 1 << 20, ..Limits::default() };
    let engine = engine().limits(limits);
    for (source, code) in [
        ("let n = 0\nwhile true { n += 1 }", "P1101"),
        ("let s = \"ab\"\nfor let i = 0; i < 60; i += 1 { s = s + s }\ns.length", "P1102"),
    ] {
        let result = engine.run(source, json!(null)).await.unwrap();
        assert_eq!((result.status, result.failure.unwrap().code.as_str()), (Status::Failed, code));
    }
    let result = engine.run("input + 1", json!(1)).await.unwrap();
    assert_eq!(result.value, Some(Data::from(2.0)));
}
