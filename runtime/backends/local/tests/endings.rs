//! However a call ends, every process that it started ends with it.

mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use prism_agents::AgentSpec;
use prism_vm::Data;
use support::{Lab, marked, task};

/// Starts a process of its own that starts another one, both deaf to SIGTERM, and then hangs.
const FAMILY: &str = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
    request = read()\n\
    subprocess.Popen(['sh', '-c', 'trap \"\" TERM; sleep 60 & sleep 60; true'])\n\
    open('started', 'w').write('yes\\n')\ntime.sleep(60)\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_ends_children_and_grandchildren() {
    let lab = Lab::new();
    let family = AgentSpec { timeout: Duration::from_secs(3), ..lab.python(FAMILY) };
    lab.failure(family, "P2107").await;
    lab.until_file("started").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_what_was_left_running_beside_it() {
    let lab = Lab::new();
    let agent = lab.python("request = read()\nsubprocess.Popen(['sleep', '60'])\nreply('done')\n");
    let start = Instant::now();
    assert_eq!(lab.call(agent).await.unwrap().value, Data::from("done"));
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// A grandchild in a session of its own.
const STRAY: &str = "request = read()\n\
    subprocess.Popen(['sh', '-c', 'sleep 60 & sleep 60; true'], start_new_session=True)\n\
    open('started', 'w').write('yes\\n')\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_also_ends_what_left_the_group() {
    let lab = Lab::new();
    let hang = lab.python(&format!("{STRAY}time.sleep(60)\n"));
    lab.failure(AgentSpec { timeout: Duration::from_secs(3), ..hang }, "P2107").await;
    lab.until_file("started").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_what_an_answered_call_left_in_another_session() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(lab.python(&format!("{STRAY}reply('done')\n")));
    assert!(dispatcher.submit(task("go"), lab.notes()).await.is_ok());
    assert_ne!(lab.processes(), Vec::<String>::new());
    dispatcher.shutdown().await;
    lab.until_no_process(Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_future_ends_the_agent_and_frees_its_place() {
    let lab = Lab::new();
    let agent = AgentSpec {
        concurrency: 1,
        ..lab.python(&format!("if os.path.exists('again'):\n    request = read()\n    reply(1)\n    sys.exit()\n{FAMILY}"))
    };
    let dispatcher = lab.dispatcher(agent);
    let call = tokio::spawn(dispatcher.submit(task("hang"), lab.notes()));
    lab.until_file("started").await;
    lab.until_processes(3).await;
    call.abort();
    lab.until_no_process(Duration::from_secs(20)).await;
    lab.file("again", "", 0o644);
    assert!(dispatcher.submit(task("next"), lab.notes()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_or_has_just_begun_can_be_dropped() {
    let lab = Lab::new();
    let agent = AgentSpec { concurrency: 2, ..lab.python("request = read()\ntime.sleep(60)\n") };
    let dispatcher = lab.dispatcher(agent);
    for round in 0..20 {
        let calls: Vec<_> =
            (0..5).map(|_| tokio::spawn(dispatcher.submit(task("hang"), lab.notes()))).collect();
        tokio::time::sleep(Duration::from_millis(round)).await;
        calls.iter().for_each(|call| call.abort());
    }
    lab.until_no_process(Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_returns_when_everything_is_gone() {
    let lab = Lab::new();
    let dispatcher = lab.dispatcher(lab.python(FAMILY));
    let call = tokio::spawn(dispatcher.submit(task("hang"), lab.notes()));
    lab.until_file("started").await;
    dispatcher.shutdown().await;
    assert_eq!(lab.processes(), Vec::<String>::new());
    assert_eq!(call.await.unwrap().unwrap_err().code, "P2117");
    let late = dispatcher.submit(task("late"), lab.notes()).await;
    assert_eq!(late.unwrap_err().code, "P2117");
}

#[test]
fn a_runtime_that_stops_takes_its_agents_along() {
    let lab = Lab::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let dispatcher = lab.dispatcher(lab.python(FAMILY));
        tokio::spawn(dispatcher.submit(task("hang"), lab.notes()));
        lab.until_file("started").await;
    });
    drop(runtime);
    let end = Instant::now() + Duration::from_secs(20);
    while !lab.processes().is_empty() {
        assert!(Instant::now() < end, "left behind: {:?}", lab.processes());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Not a test of its own: the process that `the_death_of_the_parent_…` starts and kills.
#[tokio::test(flavor = "current_thread")]
async fn parent_that_will_be_killed() {
    let Some(dir) = std::env::var_os("PRISM_TEST_DIR") else { return };
    let spec = AgentSpec::local("tester", &["./agent"], dir);
    let registry = prism_agents::Registry::new(vec![spec]);
    let backend = std::sync::Arc::new(prism_backend_local::LocalBackend::new());
    let dispatcher = prism_agents::Dispatcher::new(registry, vec![backend]);
    let _ = dispatcher.submit(task("hang"), std::sync::Arc::new(|_| {})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_death_of_the_parent_ends_children_and_grandchildren() {
    let lab = Lab::new();
    lab.python(&FAMILY.replace(
        "time.sleep(60)",
        "subprocess.Popen(['sleep', '60'], start_new_session=True)\ntime.sleep(60)",
    ));
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "parent_that_will_be_killed"])
        .env("PRISM_TEST_DIR", lab.dir.path())
        .env("PRISM_TEST_MARK", &lab.mark)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    lab.until_file("started").await;
    lab.until_processes(5).await;
    parent.kill().unwrap();
    parent.wait().unwrap();
    lab.until_no_process(Duration::from_secs(20)).await;
    assert_eq!(marked(&lab.mark).len(), 0);
}
