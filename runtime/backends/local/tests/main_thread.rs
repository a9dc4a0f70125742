//! Agents of a runtime on the main thread, as `prism run` has it: answers, and no process that
//! outlives this one. A test without a harness, because a harness has threads of its own for tests.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use prism_agents::{AgentSpec, Dispatcher, Mode, Registry};
use prism_backend_local::LocalBackend;
use prism_vm::Data;
use support::{Lab, task};

/// Answers all that it is asked, and hangs beside a process of its own when it is told to.
const AGENT: &str = "for line in sys.stdin:\n\
    \x20   request = json.loads(line)\n\
    \x20   if request['task'] == 'hang':\n\
    \x20       subprocess.Popen(['sleep', '60'])\n\
    \x20       open('started', 'w').write('yes\\n')\n\
    \x20       time.sleep(60)\n\
    \x20   reply(len(request['task']))\n";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(dir) = std::env::var_os("PRISM_TEST_DIR") {
        return runtime.block_on(hang(dir.as_ref()));
    }
    runtime.block_on(async {
        it_answers().await;
        its_agents_end_with_it().await;
    });
    println!("test result: ok. 2 passed");
}

/// Also to requests that are longer than a pipe; kept or not.
async fn it_answers() {
    let lab = Lab::new();
    let once = lab.python(AGENT);
    let idle = Duration::from_secs(10);
    for spec in [once.clone(), AgentSpec { mode: Mode::Warm { idle }, ..once }] {
        let dispatcher = lab.dispatcher(spec);
        for length in [1, 60_000, 200_000] {
            let reply = dispatcher.submit(task(&"x".repeat(length)), lab.notes()).await.unwrap();
            assert_eq!(reply.value, Data::from(length as f64));
        }
        dispatcher.shutdown().await;
        assert_eq!(lab.processes(), Vec::<String>::new());
    }
}

async fn its_agents_end_with_it() {
    let lab = Lab::new();
    lab.python(AGENT);
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .env("PRISM_TEST_DIR", lab.dir.path())
        .env("PRISM_TEST_MARK", &lab.mark)
        .spawn()
        .unwrap();
    lab.until_file("started").await;
    // Itself, the guardian, the agent, and what that has started.
    lab.until_processes(4).await;
    parent.kill().unwrap();
    parent.wait().unwrap();
    lab.until_no_process(Duration::from_secs(20)).await;
}

/// The process that is killed.
async fn hang(dir: &Path) {
    let spec = AgentSpec::local("tester", &["./agent"], dir);
    let dispatcher =
        Dispatcher::new(Registry::new(vec![spec]), vec![Arc::new(LocalBackend::new())]);
    // Whoever kills this process does so before an answer comes.
    let _ = dispatcher.submit(task("hang"), Arc::new(|_| {})).await;
}
