//! Agents that do what they should not. Each gives its own error, and nothing stays behind.

mod support;

use std::time::{Duration, Instant};

use prism_agents::{AgentNote, AgentSpec};
use prism_vm::Data;
use support::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_missing() {
    let lab = Lab::new();
    let error = lab.failure(lab.spec(&["./reviewer"]), "P2103").await;
    assert!(error.message.contains("`./reviewer` of agent `tester` does not exist"), "{error}");
    lab.failure(lab.spec(&["no-such-program-anywhere"]), "P2103").await;
    assert!(!error.retryable);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_cannot_be_started() {
    let lab = Lab::new();
    lab.file("plain", "#!/bin/sh\n", 0o644);
    lab.file("odd", "#!/no/such/interpreter\n", 0o755);
    std::fs::create_dir(lab.dir.path().join("folder")).unwrap();
    for (program, part) in [
        ("./plain", "it is not executable"),
        ("./odd", "the interpreter in its `#!` line does not exist"),
        ("./folder", "it is a directory"),
    ] {
        let error = lab.failure(lab.spec(&[program]), "P2104").await;
        assert!(error.message.contains(part), "{error}");
    }
    let gone = AgentSpec { dir: lab.dir.path().join("gone"), ..lab.spec(&["true"]) };
    let error = lab.failure(gone, "P2104").await;
    assert!(error.message.contains("does not exist"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_exits_without_an_answer() {
    let lab = Lab::new();
    let error = lab.failure(lab.agent("#!/bin/sh\nexit 0\n"), "P2105").await;
    assert!(error.message.contains("exited with code 0 without an answer"), "{error}");
    let crash = lab.python("request = read()\nraise ValueError('broken inside')\n");
    let error = lab.failure(crash, "P2105").await;
    assert!(error.message.contains("exited with code 1"), "{error}");
    assert!(error.help.contains("  | ValueError: broken inside"), "{}", error.help);
    let error = lab.failure(lab.agent("#!/bin/sh\nkill -9 $$\n"), "P2105").await;
    assert!(error.message.contains("was ended by signal 9"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_closes_its_output_and_lives_on() {
    let lab = Lab::new();
    let agent = lab.python("request = read()\nos.close(1)\ntime.sleep(60)\n");
    lab.failure(agent, "P2106").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_never_answers() {
    let lab = Lab::new();
    let hang = AgentSpec {
        timeout: Duration::from_secs(1),
        ..lab.agent("#!/bin/sh\necho thinking >&2\nexec sleep 60\n")
    };
    let start = Instant::now();
    let error = lab.failure(hang, "P2107").await;
    assert_eq!(error.message, "agent `tester` gave no answer within 1 s");
    assert!(error.help.contains("| thinking"), "{}", error.help);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_even_read() {
    let lab = Lab::new();
    let call = prism_agents::AgentCall {
        input: Data::from("x".repeat(1 << 20)),
        ..support::task("read me")
    };
    let agent = AgentSpec {
        timeout: Duration::from_millis(300),
        ..lab.agent("#!/bin/sh\nexec sleep 60\n")
    };
    let error = lab.dispatcher(agent).submit(call, lab.notes()).await.unwrap_err();
    assert_eq!((error.code, lab.processes().len()), ("P2107", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_writes_garbage() {
    let lab = Lab::new();
    let error =
        lab.failure(lab.agent("#!/bin/sh\necho Loading model...\nexec sleep 60\n"), "P2108").await;
    assert!(error.help.contains("the line begins with `Loading model...`"), "{}", error.help);
    let binary = "import os\nos.write(1, bytes(range(128)) * 100 + b'\\n')\ntime.sleep(60)\n";
    lab.failure(lab.python(binary), "P2108").await;
    let truncated =
        "request = read()\nsys.stdout.write('{\"id\":\"' + request['id'] + '\",\"val')\n";
    lab.failure(lab.python(truncated), "P2108").await;
    let after = "request = read()\nreply(1)\nprint('bye')\n";
    lab.failure(lab.python(after), "P2108").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_writes_bytes_that_are_not_utf8() {
    let lab = Lab::new();
    let latin = "request = read()\n\
         os.write(1, b'{\"id\":\"' + request['id'].encode() + b'\",\"value\":\"caf\\xe9\"}\\n')\n";
    lab.failure(lab.python(latin), "P2109").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_fifty_megabytes() {
    let lab = Lab::new();
    let start = Instant::now();
    let error =
        lab.failure(lab.python("request = read()\nreply('x' * 50_000_000)\n"), "P2110").await;
    assert!(error.message.contains("more than 8388608 bytes"), "{error}");
    lab.failure(lab.agent("#!/bin/sh\nexec cat /dev/zero\n"), "P2110").await;
    assert!(start.elapsed() < Duration::from_secs(60));
    let small = AgentSpec { max_line: 1024, ..lab.python("request = read()\nreply('x' * 2000)\n") };
    lab.failure(small, "P2110").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_answer_has_no_value() {
    let lab = Lab::new();
    lab.failure(lab.python("request = read()\nsend(confidence=1)\ntime.sleep(60)\n"), "P2111")
        .await;
    lab.failure(lab.agent("#!/bin/sh\necho '[]'\n"), "P2111").await;
    lab.failure(lab.agent("#!/bin/sh\necho '{\"value\": 1}'\n"), "P2111").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_confidence_is_no_confidence() {
    let lab = Lab::new();
    for bad in ["1.01", "-1", "float('nan')", "float('inf')", "'high'", "[1]"] {
        let agent = lab.python(&format!("request = read()\nreply(1, confidence={bad})\n"));
        lab.failure(agent, "P2112").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_another_call() {
    let lab = Lab::new();
    let agent = lab.python("request = {'id': 'call-999'}\nreply(1)\ntime.sleep(60)\n");
    let error = lab.failure(agent, "P2113").await;
    assert!(error.message.contains("answered call \"call-999\", expected call-0"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_twice() {
    let lab = Lab::new();
    lab.failure(lab.python("request = read()\nreply(1)\nreply(2)\n"), "P2114").await;
    let later = "request = read()\nreply(1)\ntime.sleep(0.1)\nreply(2)\n";
    lab.failure(lab.python(later), "P2114").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_answer_is_nested_without_end() {
    let lab = Lab::new();
    let deep = "request = read()\n\
         print('{\"id\":\"' + request['id'] + '\",\"value\":' + '[' * 200000 + ']' * 200000 + '}')\n";
    lab.failure(lab.python(deep), "P2115").await;
    let data = (0..500).fold(Data::Null, |inner, _| Data::Array(vec![inner]));
    let call = prism_agents::AgentCall { input: data, ..support::task("deep") };
    let outcome = lab.dispatcher(lab.python("")).submit(call, lab.notes()).await;
    assert_eq!(outcome.unwrap_err().code, "P2115");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_floods_its_standard_error() {
    let lab = Lab::new();
    let flood = "request = read()\n\
         for n in range(40000): print('noise %d ' % n + 'x' * 200, file=sys.stderr)\nreply('done')\n";
    assert_eq!(lab.call(lab.python(flood)).await.unwrap().value, Data::from("done"));
    let lines = lab.heard().iter().filter(|note| matches!(note, AgentNote::Stderr(_))).count();
    assert_eq!(lines, 1000, "passed on");
    let endless = AgentSpec {
        timeout: Duration::from_millis(500),
        ..lab.agent("#!/bin/sh\ncat /dev/zero >&2; true\n")
    };
    let error = lab.failure(endless, "P2107").await;
    assert!(error.help.len() < 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_floods_progress() {
    let lab = Lab::new();
    let flood = "request = read()\nfor n in range(20000): send(progress=n)\nreply('done')\n";
    assert_eq!(lab.call(lab.python(flood)).await.unwrap().value, Data::from("done"));
    let heard = lab.heard().iter().filter(|note| matches!(note, AgentNote::Progress(_))).count();
    assert_eq!(heard, 10_000, "passed on");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_and_does_not_leave() {
    let lab = Lab::new();
    let stubborn = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         request = read()\nreply('here')\ntime.sleep(60)\n";
    let start = Instant::now();
    assert_eq!(lab.call(lab.python(stubborn)).await.unwrap().value, Data::from("here"));
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}
