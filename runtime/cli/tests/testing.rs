//! `prism test` as a process: what passes, what fails and how it is shown.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

mod common;

use common::Project;
use serde_json::{Value, json};

const PROGRAM: &str = "\
function grade(score) {
  return uncertain if (score) { high -> \"pass\", medium -> \"review\", low -> \"fail\" }
}

test \"sure\" { expect(grade(1 ~> 0.9)).toEqual(\"pass\") }

test \"unsure\" { expect(grade(1 ~> 0.6)).toEqual(\"fail\") }

test \"votes\" {
  print(\"comparing\")
  expect([{ name: \"a\", sure: true }, { name: \"b\" }]).toEqual([{ name: \"a\", sure: false }, { name: \"b\" }])
}
";

fn tests(project: &Project, args: &[&str]) -> (i32, Value) {
    let ran = project.prism(&[&["test", "--json"], args].concat());
    (ran.status, ran.json())
}

#[test]
fn results_are_listed_and_failures_shown() {
    let project = Project::new(PROGRAM);
    let ran = project.prism(&["test"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stdout.starts_with(
        "ok     main.prism: sure\nFAILED main.prism: unsure\nFAILED main.prism: votes\n"
    ));
    assert!(ran.stdout.contains("[P1026]"), "{}", ran.stdout);
    assert!(ran.stdout.contains("expected: \"fail\"\n   found:    \"review\""), "{}", ran.stdout);
    // The element that differs, among those that do not.
    assert!(ran.stdout.contains("   -   { name: \"a\", sure: false },\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("   +   { name: \"a\", sure: true },\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("       { name: \"b\" },\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("   printed: comparing\n"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("\n1 passed, 2 failed\n"), "{}", ran.stdout);
}

#[test]
fn what_was_not_expected_is_said_so() {
    let program = "test \"opposite\" { expect([1, 2]).not.toEqual([1, 2]) }\n\
                   test \"throws\" { expect(() => 1).toThrow() }\n";
    let project = Project::new(program);
    let ran = project.prism(&["test"]);
    let opposite = "   expected: not [1, 2]\n   found:    [1, 2]\n";
    assert!(ran.stdout.contains(opposite), "{}", ran.stdout);
    let throws = "   expected: \"an error\"\n   found:    \"no error\"\n";
    assert!(ran.stdout.contains(throws), "{}", ran.stdout);
}

#[test]
fn a_clause_is_told_as_the_effect_has_its_arguments() {
    let program = "test \"chance\" { random() }\ntest \"kept\" { state.set(\"k\", 1) }\n";
    let ran = Project::new(program).prism(&["test"]);
    assert!(ran.stdout.contains("with { random() => resume(answer) }"), "{}", ran.stdout);
    let kept = "with { state.set(key, value) => resume(answer) }";
    assert!(ran.stdout.contains(kept), "{}", ran.stdout);
}

#[test]
fn only_what_differs_is_shown_of_large_values() {
    let program = "let xs = Array.from({ length: 300 }, (_, i) => i)\n\
                   test \"large\" { expect(xs).toEqual(xs.with(150, -1)) }\n\
                   test \"part\" { expect([1, 2]).toContain([3]) }\n\
                   test \"long\" { expect([1, 2]).toHaveLength(3) }\n\
                   test \"no function\" { expect(null).toThrow() }\n";
    let project = Project::new(program);
    let ran = project.prism(&["test"]);
    let middle =
        "     …\n       147,\n       148,\n       149,\n   -   -1,\n   +   150,\n       151,\n";
    assert!(ran.stdout.contains(middle), "{}", ran.stdout);
    assert!(ran.stdout.contains("       153,\n     …\n\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("   expected: [3]\n   found:    [1, 2]\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("   expected: 3\n   found:    2\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("toThrow() calls a function, found null"), "{}", ran.stdout);
}

/// As in a run to which nothing is given.
#[test]
fn the_input_of_a_test_is_an_empty_object() {
    let program = "let word = input.word ?? \"none\"\ntest \"word\" { expect(word).toEqual(\"none\") }\nword\n";
    let project = Project::new(program);
    let (status, object) = tests(&project, &["main.prism"]);
    assert_eq!((status, &object["passed"]), (0, &json!(1)), "{object}");
    let ran = project.prism(&["run", "main.prism"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "none\n"), "{}", ran.stderr);
}

#[test]
fn tools_get_one_object() {
    let project = Project::new(PROGRAM);
    let (status, object) = tests(&project, &["main.prism"]);
    assert_eq!((status, &object["passed"], &object["failed"]), (1, &json!(1), &json!(2)));
    let second = &object["tests"][1];
    assert_eq!(second["name"], "unsure");
    let error = &second["error"];
    assert_eq!((&error["code"], &error["line"]), (&json!("P1026"), &json!(7)), "{object}");
    // A band's value has the confidence of what it was chosen by.
    assert_eq!(error["expected"], "fail");
    assert_eq!(object["tests"][2]["output"], json!(["comparing"]));
}

#[test]
fn a_filter_chooses_by_name() {
    let project = Project::new(PROGRAM);
    let (status, object) = tests(&project, &["--filter", "sure"]);
    assert_eq!((status, object["tests"].as_array().unwrap().len()), (1, 2));
    let (status, object) = tests(&project, &["--filter", "nothing"]);
    assert_eq!((status, &object["tests"]), (1, &json!([])));
    let ran = project.prism(&["test", "--filter", "nothing"]);
    assert!(ran.stderr.contains("P2207"), "{}", ran.stderr);
}

#[test]
fn handlers_answer_and_what_they_leave_fails_the_test() {
    let project = Project::new(
        "function ask() { try { llm(\"?\") } catch (e) { \"caught\" } }\n\
         test \"answered\" {\n\
           let x = handle { ask() } with { llm(prompt) => resume(\"yes\") }\n\
           expect(x).toBe(\"yes\")\n\
         }\n\
         test \"failing\" {\n\
           let x = handle { ask() } with { llm(prompt) => { throw \"down\" } }\n\
           expect(x).toBe(\"caught\")\n\
         }\n\
         test \"left\" { expect(ask()).toBe(\"caught\") }\n",
    );
    let (status, object) = tests(&project, &[]);
    let states: Vec<&str> =
        object["tests"].as_array().unwrap().iter().map(|t| t["status"].as_str().unwrap()).collect();
    assert_eq!((status, states), (1, vec!["passed", "passed", "failed"]), "{object}");
    let error = &object["tests"][2]["error"];
    assert_eq!((&error["code"], &error["line"]), (&json!("P2208"), &json!(1)), "{object}");
}

#[test]
fn time_passes_without_waiting() {
    let project = Project::new(
        "import { timeout, race } from \"@prism/execution\"\n\
         test \"an hour\" {\n\
           let start = Date.now()\n\
           let x = timeout(3600000, () => { sleep(7200000); \"late\" }, { fallback: \"none\" })\n\
           expect(x).toBe(\"none\")\n\
           expect(Date.now() - start).toBe(3600000)\n\
         }\n\
         test \"order\" {\n\
           let log = []\n\
           let at = (ms, name) => () => { sleep(ms); log.push(name) }\n\
           parallel([at(30, \"c\"), at(10, \"a\"), at(20, \"b\")])\n\
           expect(log).toEqual([\"a\", \"b\", \"c\"])\n\
         }\n",
    );
    let (status, object) = tests(&project, &[]);
    assert_eq!((status, &object["passed"]), (0, &json!(2)), "{object}");
}

#[test]
fn coverage_names_what_no_test_reached() {
    let project = Project::new(
        "import { double } from \"./other\"\n\
         function f(x) {\n\
           if x > 1 { return double(x) }\n\
           return match x { 0 => \"zero\", _ => \"one\" }\n\
         }\n\
         function band(x) {\n\
           return uncertain if (x) { high -> 1, medium -> 2, low -> 3 }\n\
         }\n\
         function unused() { 1 }\n\
         test \"f\" { expect(f(2)).toBe(4); expect(f(0)).toBe(\"zero\") }\n\
         test \"band\" { expect(band(1 ~> 0.9)).toBe(1) }\n",
    );
    project.write("other.prism", "export function double(x) { return x == 0 ? 0 : x * 2 }\n");
    let (status, object) = tests(&project, &["main.prism", "--coverage"]);
    assert_eq!(status, 0, "{object}");
    let missed = object["coverage"]["missed"].as_array().unwrap();
    let missed: Vec<String> = missed
        .iter()
        .map(|point| {
            let what = point["what"].as_str().unwrap();
            format!("{}:{} {what}", point["file"].as_str().unwrap(), point["line"])
        })
        .collect();
    assert_eq!(
        missed,
        [
            "main.prism:4 this arm is never taken",
            "main.prism:7 the band `medium` is never taken",
            "main.prism:7 the band `low` is never taken",
            "main.prism:9 this function is never called",
            "other.prism:1 this condition never holds",
        ]
    );
    // Functions f, band, double and unused, the bodies of two tests; three conditions' sides
    // four; two arms, three bands.
    assert_eq!(object["coverage"]["total"], 6 + 4 + 2 + 3, "{object}");
    let ran = project.prism(&["test", "main.prism", "--coverage"]);
    assert!(ran.stdout.contains("reached 10 of 15 places\n"), "{}", ran.stdout);
}

#[test]
fn ci_gets_xml() {
    let project =
        Project::new("test \"a < b\" { expect(1).toBe(2) }\ntest \"c\" { expect(1).toBe(1) }\n");
    let ran = project.prism(&["test", "--junit", "report.xml"]);
    assert_eq!(ran.status, 1);
    let xml = std::fs::read_to_string(project.path().join("report.xml")).unwrap();
    assert!(xml.contains("<testsuite name=\"main.prism\" tests=\"2\" failures=\"1\">"), "{xml}");
    assert!(xml.contains("<testcase name=\"a &lt; b\" classname=\"main.prism\""), "{xml}");
    assert!(xml.contains("<failure type=\"P1026\""), "{xml}");
    assert!(xml.contains("   expected: 2\n   found:    1\n</failure>"), "{xml}");
    let ran = project.prism(&["test", "--junit", "no/report.xml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("P2209"), "{}", ran.stderr);
}

#[test]
fn a_file_with_errors_fails_and_the_others_run() {
    let project = Project::new("test \"fine\" { expect(1).toBe(1) }\n");
    project.write("broken.prism", "test \"never\" { missing }\n");
    let (status, object) = tests(&project, &[]);
    assert_eq!((status, &object["passed"]), (1, &json!(1)), "{object}");
    assert_eq!(object["rejected"][0][0]["code"], "P0501", "{object}");
}

#[test]
fn an_endless_test_runs_out_of_fuel() {
    let project = Project::new("test \"endless\" { let n = 0; while true { n += 1 } }\n");
    let (status, object) = tests(&project, &["--fuel", "1000"]);
    let error = &object["tests"][0]["error"];
    assert_eq!((status, &error["code"]), (1, &json!("P1101")), "{object}");
    assert!(error["help"][0].as_str().unwrap().contains("--fuel N"), "{object}");
}
