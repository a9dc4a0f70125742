//! Agents that do what they should.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use prism_agents::{
    AgentCall, AgentNote, AgentReply, AgentSpec, Backoff, Dispatcher, Mode, Registry, Retry,
};
use prism_backend_local::LocalBackend;
use prism_vm::Data;
use support::{Lab, task};

#[tokio::test(flavor = "multi_thread")]
async fn the_request_arrives_and_the_answer_comes_back() {
    let lab = Lab::new();
    let agent = lab.python(
        "request = read()\n\
         assert sys.stdin.read() == ''\n\
         assert request['deadline_ms'] > 1000\n\
         send(progress={'step': 1})\n\
         print('a word on the side', file=sys.stderr)\n\
         where = os.path.realpath('.') == os.path.realpath(os.path.dirname(sys.argv[0]))\n\
         reply({'got': [request['task'], request['input'], request['idempotency_key']], 'here': where,\n\
                'name': os.environ['PRISM_AGENT']},\n\
               confidence=0.75, reasoning='because')\n",
    );
    let call = AgentCall { input: Data::object([("n", Data::Number(2.0))]), ..task("grüße\n") };
    let reply = lab.dispatcher(agent).submit(call, lab.notes()).await.unwrap();
    let got = Data::Array(vec![
        Data::from("grüße\n"),
        Data::object([("n", Data::Number(2.0))]),
        Data::from("run-1/site"),
    ]);
    let value = Data::object([("got", got), ("here", true.into()), ("name", Data::from("tester"))]);
    let reasoning = Some("because".to_owned());
    assert_eq!(reply, AgentReply { value, confidence: Some(0.75), reasoning });
    let step = Data::object([("step", Data::Number(1.0))]);
    let mut heard = lab.heard();
    assert_eq!(heard.remove(0), AgentNote::AttemptStarted { number: 1 });
    assert!(heard.contains(&AgentNote::Progress(step)), "{heard:?}");
    assert!(heard.contains(&AgentNote::Stderr("a word on the side".to_owned())), "{heard:?}");
    assert_eq!((heard.len(), lab.processes().len()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_script_is_an_agent_too() {
    let lab = Lab::new();
    let agent = lab.agent(
        "#!/bin/sh\nread -r line\nid=${line#*\\\"id\\\":\\\"}\nid=${id%%\\\"*}\n\
         printf '{\"id\":\"%s\",\"value\":\"ok\"}' \"$id\"\n",
    );
    let reply = lab.call(agent).await.unwrap();
    assert_eq!((reply.value, reply.confidence), (Data::from("ok"), None));
}

/// As `prism run` has it; with requests that are longer than a pipe, of processes that are kept too.
#[tokio::test]
async fn a_runtime_of_one_thread_has_agents_as_well() {
    let lab = Lab::new();
    let once = lab.python(
        "for line in sys.stdin:\n\
         \x20   request = json.loads(line)\n\
         \x20   reply(len(request['task']))\n",
    );
    let idle = Duration::from_secs(10);
    let kept = |calls| AgentSpec { mode: Mode::Warm { idle, calls }, ..once.clone() };
    for spec in [once.clone(), kept(1), kept(4)] {
        let dispatcher = lab.dispatcher(spec);
        for length in [1, 60_000, 200_000] {
            let reply = dispatcher.submit(task(&"x".repeat(length)), lab.notes()).await.unwrap();
            assert_eq!(reply.value, Data::from(length as f64));
        }
        dispatcher.shutdown().await;
        assert_eq!(lab.processes(), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_request_and_a_large_answer_pass() {
    let lab = Lab::new();
    let agent = lab.python("request = read()\nreply(request['input'] * 2)\n");
    let text = "x".repeat(3_000_000);
    let call = AgentCall { input: Data::from(text.as_str()), ..task("double") };
    let reply = lab.dispatcher(agent).submit(call, lab.notes()).await.unwrap();
    assert_eq!(reply.value.as_text().map(str::len), Some(6_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_ignores_its_request_may_still_answer() {
    let lab = Lab::new();
    let call = AgentCall { input: Data::from("x".repeat(2_000_000)), ..task("any") };
    let agent = lab.python("request = {'id': 'call-0'}\nreply(1)\n");
    let reply = lab.dispatcher(agent).submit(call, lab.notes()).await.unwrap();
    assert_eq!(reply.value, Data::Number(1.0));
    assert_eq!(lab.processes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_the_allowed_number_run_at_once() {
    let lab = Lab::new();
    let agent = AgentSpec {
        concurrency: 3,
        ..lab.python(
            "request = read()\nopen('in-%d' % os.getpid(), 'w').close()\n\
             n = len([f for f in os.listdir('.') if f.startswith('in-')])\ntime.sleep(0.05)\n\
             os.remove('in-%d' % os.getpid())\nreply(n)\n",
        )
    };
    let dispatcher = lab.dispatcher(agent);
    let calls: Vec<_> =
        (0..12).map(|_| tokio::spawn(dispatcher.submit(task("count"), lab.notes()))).collect();
    let mut most = 0.0f64;
    for call in calls {
        most = most.max(call.await.unwrap().unwrap().value.as_number().unwrap());
    }
    assert!((1.0..=3.0).contains(&most), "{most} at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_further_calls() {
    let lab = Lab::new();
    let agent = AgentSpec {
        concurrency: 1,
        queue: 1,
        ..lab.python("request = read()\ntime.sleep(0.3)\nreply(1)\n")
    };
    let dispatcher = lab.dispatcher(agent);
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(tokio::spawn(dispatcher.submit(task("wait"), lab.notes())));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut codes = Vec::new();
    for call in calls {
        codes.push(call.await.unwrap().err().map(|error| error.code));
    }
    assert_eq!(codes, [None, None, Some("P2119")]);
}

fn retry(max: u32) -> Retry {
    let base = Duration::from_millis(20);
    Retry { max, backoff: Backoff::Fixed, base, max_delay: base, jitter: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_is_repeated_with_the_same_key() {
    let lab = Lab::new();
    let agent = lab.python(
        "request = read()\nopen('keys', 'a').write(request['idempotency_key'] + '\\n')\n\
         n = len(open('keys').readlines())\n\
         sys.exit('not yet') if n < 3 else reply(n)\n",
    );
    let reply = lab.call(AgentSpec { retry: retry(3), ..agent }).await.unwrap();
    assert_eq!(reply.value, Data::Number(3.0));
    assert_eq!(lab.until_file("keys").await, "run-1/site\n".repeat(3));
    let failed: Vec<_> = lab
        .heard()
        .into_iter()
        .filter_map(|note| match note {
            AgentNote::AttemptFailed { number, error, retry_in } => {
                Some((number, error.code, retry_in))
            }
            _ => None,
        })
        .collect();
    let pause = Some(Duration::from_millis(20));
    assert_eq!(failed, [(1, "P2105", pause), (2, "P2105", pause)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_end_with_the_last_error_and_final_errors_are_not_repeated() {
    let lab = Lab::new();
    let agent = lab.python("request = read()\nopen('n', 'a').write('x')\nsys.exit(3)\n");
    let error = lab.call(AgentSpec { retry: retry(2), ..agent }).await.unwrap_err();
    assert_eq!(error.message, "agent `tester` exited with code 3 without an answer");
    assert_eq!(std::fs::read(lab.dir.path().join("n")).unwrap().len(), 3);
    let refuse = "request = read()\nopen('m', 'a').write('x')\n\
                  send(error={'message': 'no', 'retryable': False})\n";
    let agent = AgentSpec { retry: retry(2), ..lab.python(refuse) };
    assert_eq!(lab.call(agent).await.unwrap_err().code, "P2116");
    assert_eq!(std::fs::read(lab.dir.path().join("m")).unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_agent_is_left_alone_and_tried_again_later() {
    let lab = Lab::new();
    let breaker = prism_agents::BreakerSettings {
        failures: 2,
        successes: 1,
        reset: Duration::from_millis(400),
    };
    let agent =
        lab.python("request = read()\nreply(1) if os.path.exists('well') else sys.exit(1)\n");
    let dispatcher = lab.dispatcher(AgentSpec { breaker: Some(breaker), ..agent });
    let mut codes = Vec::new();
    for _ in 0..3 {
        let outcome = dispatcher.submit(task("try"), lab.notes()).await;
        codes.push(outcome.unwrap_err().code);
    }
    assert_eq!(codes, ["P2105", "P2105", "P2118"]);
    lab.file("well", "", 0o644);
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert!(dispatcher.submit(task("try"), lab.notes()).await.is_ok());
    assert!(dispatcher.submit(task("try"), lab.notes()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_covers_waiting_and_every_attempt() {
    let lab = Lab::new();
    let agent = AgentSpec {
        concurrency: 1,
        retry: retry(100),
        ..lab.python("request = read()\ntime.sleep(0.1)\nsys.exit(1)\n")
    };
    let dispatcher = lab.dispatcher(agent);
    let call = || AgentCall { deadline: Some(Duration::from_millis(350)), ..task("late") };
    let start = Instant::now();
    let first = tokio::spawn(dispatcher.submit(call(), lab.notes()));
    let second = tokio::spawn(dispatcher.submit(call(), lab.notes()));
    for outcome in [first.await.unwrap(), second.await.unwrap()] {
        let code = outcome.unwrap_err().code;
        assert!(["P2120", "P2105"].contains(&code), "{code}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let hang = lab.python("request = read()\ntime.sleep(60)\n");
    let error = lab.dispatcher(hang).submit(call(), lab.notes()).await.unwrap_err();
    assert_eq!((error.code, error.retryable), ("P2120", false), "{error}");
    assert_eq!(lab.processes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_what_is_missing_before_any_call() {
    let lab = Lab::new();
    let specs = vec![
        AgentSpec { name: "good".into(), ..lab.spec(&["python3", "x.py"]) },
        AgentSpec { name: "lost".into(), ..lab.spec(&["./nowhere"]) },
        AgentSpec { name: "far".into(), backend: "slurm".into(), ..lab.spec(&["true"]) },
    ];
    let dispatcher = Dispatcher::new(Registry::new(specs), vec![Arc::new(LocalBackend::new())]);
    let codes: Vec<_> = dispatcher.check().iter().map(|error| error.code).collect();
    assert_eq!(codes, ["P2103", "P2121"]);
    let unknown = AgentCall::new("god", Data::Null);
    let error = dispatcher.submit(unknown, lab.notes()).await.unwrap_err();
    assert_eq!((error.code, error.help.as_str()), ("P2101", "did you mean `good`?"));
}
