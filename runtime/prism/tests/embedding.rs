//! A host with agents, functions and effects of its own.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prism::{Data, Engine, Error, Failure, Limits, Status};
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
    assert_eq!(result.value, Some(Data::from(vec![echoed, Data::from("out of order")])));
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
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
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
