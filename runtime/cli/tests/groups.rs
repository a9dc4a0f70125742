//! Names that the manifest and the header make the host supply: groups of agents, workspaces.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use common::Project;
use serde_json::json;

/// Three agents that answer with their names, and two groups of them.
fn project(program: &str) -> Project {
    let project = Project::new(program);
    for name in ["ann", "bob", "cyd"] {
        let settings = match name {
            "bob" => "capabilities = [\"other\"]",
            _ => "capabilities = [\"judge\"]",
        };
        let answer = format!(
            "echo \"{{\\\"id\\\":\\\"$id\\\",\\\"value\\\":\\\"{name}\\\",\\\"confidence\\\":1}}\""
        );
        project.agent(name, settings, &answer);
    }
    let manifest = std::fs::read_to_string(project.path().join("prism.toml")).unwrap();
    let groups = "[groups]\npair = [\"cyd\", \"bob\"]\njudges = { capabilities = [\"judge\"] }\n";
    project.write("prism.toml", manifest + groups);
    project
}

#[test]
fn a_group_holds_its_agents_in_their_order() {
    let project = project("[pair.map(a => a.name), judges.map(a => a.name)]");
    let (status, object) = project.run_json(&["--no-store"]);
    assert_eq!(
        (status, &object["value"]),
        (0, &json!([["cyd", "bob"], ["ann", "cyd"]])),
        "{object}"
    );
}

#[test]
fn a_group_is_called_like_agents_and_replaced_by_set() {
    let project = project("parallel(pair, \"who\").map(r => value(r))");
    let (status, object) = project.run_json(&["--no-store"]);
    assert_eq!((status, &object["value"]), (0, &json!(["cyd", "bob"])), "{object}");
    let (_, object) = project.run_json(&["--no-store", "--set", "pair=[\"ann\"]"]);
    assert_eq!(object["value"], json!(["ann"]), "{object}");
}

#[test]
fn a_declaration_of_the_program_goes_before_a_group() {
    let project = project("pair = 1\nlet judges = 2\npair + judges");
    let (_, object) = project.run_json(&["--no-store"]);
    assert_eq!(object["value"], 3, "{object}");
}

#[test]
fn a_wrong_group_is_reported_in_the_manifest() {
    let project = Project::new("pair");
    project.agent("ann", "", "exit 1");
    let manifest = std::fs::read_to_string(project.path().join("prism.toml")).unwrap();
    project.write("prism.toml", manifest + "[groups]\npair = [\"anne\"]\n");
    let (status, object) = project.run_json(&["--no-store"]);
    assert_eq!((status, &object["error"]["code"]), (1, &json!("P0612")), "{object}");
    let file = object["error"]["file"].as_str().unwrap();
    assert!(file.ends_with("prism.toml"), "{object}");
}

#[test]
fn a_workspace_is_supplied_when_the_header_asks_for_it() {
    let header = "/**\n * @name CodeReview\n * @workspace {\"enabled\": true}\n */\n";
    let project =
        Project::new(&format!("{header}[context.workspace, workspace == context.workspace]"));
    project.write("prism.toml", "");
    let (status, object) = project.run_json(&["--no-store"]);
    let folder = project.path().display().to_string();
    let expected =
        json!({ "path": folder, "branch": "parallax/pending/agent-code-review", "repo": null });
    assert_eq!((status, &object["value"][0]), (0, &expected), "{object}");
    project.write(
        ".git/config",
        "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://a:b@git.example/x.git\n",
    );
    let (_, object) = project.run_json(&["--no-store"]);
    assert_eq!(object["value"][0]["repo"], "https://git.example/x.git", "{object}");
    let (_, object) = project.run_json(&["--no-store", "--set", "context={\"workspace\": 1}"]);
    assert_eq!(object["value"][0], 1, "{object}");
    project.write("main.prism", "[context, workspace]");
    let (_, object) = project.run_json(&["--no-store"]);
    assert_eq!(object["value"], json!([null, null]), "{object}");
}

/// Whoever gives the answers has asked the agents: nothing is chosen from the manifest.
#[test]
fn agents_are_those_whose_answers_are_given() {
    let project = Project::new(
        "/**\n * @name old\n * @agents {\"capabilities\": [\"review\"], \"minAgents\": 2}\n */\n\
         [agentCount, agentList.map(a => a.name), successfulResults.length]",
    );
    let refused = project.prism(&["run", "main.prism"]);
    assert!(refused.status == 1 && refused.stderr.contains("P2102"), "{}", refused.stderr);
    let results = "agentResults=[{\"agentName\": \"ann\", \"confidence\": 0.6}, \
                   {\"agentName\": \"bob\", \"confidence\": 0}]";
    let (status, object) = project.run_json(&["--set", results]);
    assert_eq!((status, &object["value"]), (0, &json!([2, ["ann", "bob"], 1])), "{object}");
    let (status, object) =
        project.run_json(&["--set", results, "--set", "agentList=[{\"name\": \"cyd\"}]"]);
    assert_eq!((status, &object["value"]), (0, &json!([1, ["cyd"], 1])), "{object}");
}

/// A header may name its agents, in an order of its own.
#[test]
fn agents_are_those_that_the_header_names() {
    let text = |agents: &str| format!("/** @agents {agents} */\nagents.map(a => a.name)");
    let project = project("1");
    for (agents, expected) in [
        ("[\"cyd\", \"ann\"]", json!(["cyd", "ann"])),
        ("{\"names\": [\"bob\"]}", json!(["bob"])),
        ("{\"names\": [\"bob\", \"cyd\"], \"capabilities\": [\"judge\"]}", json!(["cyd"])),
        ("{\"names\": [\"cyd\", \"ann\"], \"maxAgents\": 1}", json!(["cyd"])),
        ("{\"capabilities\": [\"judge\"]}", json!(["ann", "cyd"])),
    ] {
        project.write("main.prism", text(agents));
        let (_, object) = project.run_json(&["--no-store"]);
        assert_eq!(object["value"], expected, "{agents}: {object}");
    }
}

/// What `@agents` demands is the contract of each of them, also of those that are given.
#[test]
fn agents_of_the_header_keep_its_confidence() {
    let project = Project::new(
        "/** @agents {\"minConfidence\": 0.6} */\n\
         agents.map(a => { let s = a.name; try { s = a.call(\"?\") } catch (e) { s += e.code }; s })",
    );
    for (name, confidence) in [("sure", 0.6), ("unsure", 0.5)] {
        let answer = format!(
            "echo \"{{\\\"id\\\":\\\"$id\\\",\\\"value\\\":\\\"yes\\\",\\\"confidence\\\":{confidence}}}\""
        );
        project.agent(name, "", &answer);
    }
    let (status, object) = project.run_json(&["--no-store"]);
    let expected = json!([{ "~": ["yes", 0.6] }, "unsureP2124"]);
    assert_eq!((status, &object["value"]), (0, &expected), "{object}");
    let (_, object) = project.run_json(&["--no-store", "--set", "agents=[\"unsure\"]"]);
    assert_eq!(object["value"], json!(["unsureP2124"]), "{object}");
}
