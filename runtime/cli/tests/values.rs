//! `prism values`: large values in a bucket, on a server that really speaks S3.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

#[path = "../../bucket/tests/support/server.rs"]
mod server;

use common::{Project, Ran};
use serde_json::{Value, json};
use server::Server;

/// A value of 200,000 bytes, which the journal keeps, and one that is small.
const PROGRAM: &str = "\
let long = \"long \".repeat(40000)
state.set(\"k\", long)
[time.now() > 0, long]
";

fn prism(project: &Project, server: &Server, args: &[&str]) -> Ran {
    Ran::of(project.command(args).envs(server.settings()))
}

fn run(project: &Project, server: &Server) -> String {
    let ran = prism(project, server, &["run", "main.prism", "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    ran.json()["run"].as_str().unwrap().to_owned()
}

fn place(project: &Project, server: &Server) -> Value {
    prism(project, server, &["values", "--json"]).json()["place"].clone()
}

/// What the server has, by its length.
fn lengths(server: &Server) -> Vec<usize> {
    server.objects().iter().map(|(_, bytes)| bytes.len()).filter(|len| *len > 1000).collect()
}

#[test]
fn large_values_move_to_a_bucket_and_back() {
    let server = Server::start();
    let project = Project::new(PROGRAM);
    let first = run(&project, &server);
    assert_eq!(place(&project, &server), Value::Null);
    let moved = prism(&project, &server, &["values", "--to", "s3://runs/team", "--json"]).json();
    let address = moved["place"].as_str().unwrap().to_owned();
    assert!(address.starts_with("s3://runs/team/"), "{moved}");
    assert_eq!(moved["moved"], 2, "the state's and the result: {moved}");
    assert_eq!(place(&project, &server), address);
    let again = prism(&project, &server, &["values", "--to", "s3://runs/team/", "--json"]).json();
    assert_eq!(again, json!({ "place": address, "moved": 0 }), "it is there");

    // Every command reads and writes there without being told.
    let second = run(&project, &server);
    for run in [&first, &second] {
        let verified = prism(&project, &server, &["audit", "verify", run]);
        assert_eq!(verified.status, 0, "{}", verified.stderr);
        assert_eq!(prism(&project, &server, &["replay", run]).status, 0);
    }
    assert_eq!(lengths(&server).len(), 2, "both runs have the same values");

    // What was changed there is found out.
    let (name, bytes) = server.objects().into_iter().find(|(_, bytes)| bytes.len() > 1000).unwrap();
    server.overwrite(&name, &bytes.to_ascii_uppercase());
    let damaged = prism(&project, &server, &["audit", "verify", &first]);
    assert_eq!((damaged.status, damaged.stderr.contains("[P2006]")), (1, true), "{damaged:?}");
    server.overwrite(&name, &bytes);

    let home = prism(&project, &server, &["values", "--to", "beside"]);
    assert!(home.stdout.starts_with("moved 2 values\n"), "{home:?}");
    assert_eq!(lengths(&server), Vec::<usize>::new());
    assert_eq!(project.prism(&["audit", "verify", &second]).status, 0, "nobody is asked any more");
}

#[test]
fn values_leave_the_bucket_with_their_runs() {
    let server = Server::start();
    let project = Project::new(PROGRAM);
    // Before the first run: the store is made for it.
    let moved = prism(&project, &server, &["values", "--to", "s3://runs"]);
    assert!(moved.stdout.contains("moved 0 values\nlarge values are at s3://runs/"), "{moved:?}");
    run(&project, &server);
    assert_eq!(lengths(&server).len(), 2);
    let gone = prism(&project, &server, &["gc", "--older-than", "0s", "--json"]);
    assert_eq!(gone.json()["runs"], 1, "{gone:?}");
    assert_eq!(lengths(&server), Vec::<usize>::new());
}

#[test]
fn a_bucket_that_cannot_be_used_stops_the_run_and_loses_nothing() {
    let server = Server::start();
    let project = Project::new(PROGRAM);
    prism(&project, &server, &["values", "--to", "s3://runs/x"]);
    let mut stranger = project.command(&["run", "main.prism", "--json"]);
    stranger.envs(server.settings()).env("AWS_SECRET_ACCESS_KEY", "wrong");
    let ran = Ran::of(&mut stranger);
    assert_ne!(ran.status, 0, "{}", ran.stdout);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("P2007") && said.contains("s3://runs/x"), "{said}");
    let runs = prism(&project, &server, &["runs", "--json"]).json();
    let run = runs["runs"][0]["run"].as_str().unwrap().to_owned();
    let resumed = prism(&project, &server, &["resume", &run, "--json"]);
    assert_eq!((resumed.status, &resumed.json()["value"][0]), (0, &json!(true)));
    assert_eq!(lengths(&server).len(), 2);
}

/// It is not written down, though the store has no value to move yet.
#[test]
fn a_bucket_that_cannot_be_used_is_no_place() {
    let server = Server::start();
    let project = Project::new("1\n");
    let mut stranger = project.command(&["values", "--to", "s3://runs/x"]);
    stranger.envs(server.settings()).env("AWS_SECRET_ACCESS_KEY", "wrong");
    let refused = Ran::of(&mut stranger);
    assert_eq!((refused.status, refused.stderr.contains("[P2007]")), (2, true), "{refused:?}");
    assert_eq!(place(&project, &server), Value::Null);
}

#[test]
fn a_place_that_is_none_is_refused() {
    let server = Server::start();
    let project = Project::new("1\n");
    for to in ["bucket/runs", "https://bucket/runs", "s3://", "s3:///runs", ""] {
        let refused = prism(&project, &server, &["values", "--to", to]);
        assert_eq!((refused.status, refused.stderr.contains("[P2212]")), (2, true), "{refused:?}");
    }
    // An older Prism would not find what is elsewhere.
    prism(&project, &server, &["values", "--to", "s3://runs/x"]);
    let refused = prism(&project, &server, &["migrate", "--to", "2"]);
    assert_eq!((refused.status, refused.stderr.contains("[P2023]")), (1, true), "{refused:?}");
}
