"""The parts of the reviewers: masking, measuring, and the arithmetic of confidence."""

import json
import unittest

from measure import AGENTS, evidence

import functions
import masking
import verdicts
from verdicts import CRITICAL, MAJOR, MINOR, Finding


class Evidence(unittest.TestCase):
    def test_the_counts_are_those_of_the_labelled_cases(self):
        """`python3 tests/measure.py --write` renews the file after a rule has changed."""
        self.assertEqual(json.loads((AGENTS / "evidence.json").read_text()), evidence())

    def test_every_rule_that_speaks_has_been_counted(self):
        for agent, rules in evidence().items():
            for rule, seen in rules.items():
                with self.subTest(agent=agent, rule=rule):
                    self.assertGreater(seen["right"], 0)


class Masking(unittest.TestCase):
    def check(self, language, text, code):
        masked = masking.mask(text, language)
        self.assertEqual(masked.code, code)
        self.assertTrue(masked.is_clean)
        return masked

    def test_rust(self):
        self.check("rust", 'a("{", \'{\', b\'"\') // {', 'a(" ",    ,     )     ')
        self.check("rust", "fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}")
        self.check("rust", '/* a /* { */ b */ c', "                  c")
        masked = self.check("rust", 'r#"a " { "# + "\\""', 'r#"      "# + "  "')
        self.assertEqual([text for _, text in masked.strings], ['a " { ', '\\"'])

    def test_python(self):
        self.check("python", "a = '#' # {\nb", "a = ' '    \nb")
        self.check("python", 'x = f"""{\n"}""" + r"\\d"', 'x = f""" \n  """ + r"  "')

    def test_javascript(self):
        template = "`a ${b ? `{` : {c: 1}} }` + '/*'"
        self.check("javascript", template, "`    b ? ` ` : {c: 1}   ` + '  '")
        self.check("javascript", "x = /[/{]\\/{/g; y = a / b / c", "x =" + " " * 11 + "; y = a / b / c")

    def test_what_is_not_closed_is_not_clean(self):
        for language, text in [("rust", '"abc'), ("rust", "/* /* */"), ("rust", "f(]"),
                               ("python", "x = 'abc\n"), ("javascript", "`${a")]:
            with self.subTest(text):
                self.assertFalse(masking.mask(text, language).is_clean)

    def test_lines_and_columns_stay(self):
        text = 'a /* x\ny */ "b\nc" // d\n\'e\' é "é"\n'
        code = masking.mask(text, "rust").code
        self.assertEqual([len(line) for line in code.split("\n")], [len(line) for line in text.split("\n")])


class Functions(unittest.TestCase):
    def only(self, text, language):
        found = functions.functions(text, masking.mask(text, language), language)
        self.assertEqual(len(found), 1)
        return found[0]

    def test_a_function_is_measured(self):
        text = "fn f(a: u8, b: Map<u8, u8>) {\n    // no\n\n    if a && b {\n        while c { d() }\n    }\n}\n"
        self.assertEqual(self.only(text, "rust"), functions.Function("f", 1, 3, 2, 4, 2))

    def test_a_receiver_is_no_parameter(self):
        self.assertEqual(self.only("fn f(&'a mut self, a: u8) {}", "rust").parameters, 1)
        self.assertEqual(self.only("def f(self, a): pass", "python").parameters, 1)


class Confidence(unittest.TestCase):
    def chances(self, findings, lines=1000, right=8, wrong=0):
        rules = {"r": {"right": right, "wrong": wrong, "missed": 0}}
        found = [Finding("a", n, "r", severity, "m") for n, severity in enumerate(findings)]
        return verdicts.probabilities(found, lines, rules)

    def test_the_three_chances_add_up(self):
        for findings in ([], [CRITICAL], [MAJOR] * 3 + [MINOR] * 20, [CRITICAL, MAJOR, MAJOR, MAJOR]):
            with self.subTest(findings):
                self.assertAlmostEqual(sum(self.chances(findings).values()), 1.0)

    def test_a_critical_finding_rejects_as_surely_as_its_rule_is_right(self):
        self.assertAlmostEqual(self.chances([CRITICAL])["reject"], 0.9)
        self.assertAlmostEqual(self.chances([CRITICAL, CRITICAL])["reject"], 0.99)
        self.assertAlmostEqual(self.chances([CRITICAL], right=0)["reject"], 0.5)

    def test_points_beyond_the_allowance_ask_for_changes(self):
        self.assertEqual(self.chances([MAJOR, MAJOR])["changes"], 0)
        self.assertAlmostEqual(self.chances([MAJOR] * 3)["changes"], 0.9 ** 3)
        self.assertEqual(self.chances([MAJOR] * 3, lines=100_000)["changes"], 0)

    def test_many_findings_agree_with_the_exact_sum(self):
        weighted = [(10, 0.9)] * 150 + [(1, 0.7)] * 150
        exact = verdicts.chance_above(weighted, 1450)
        near = verdicts.chance_above(weighted + [(1, 0.0001)], 1450)
        self.assertAlmostEqual(exact, near, delta=0.02)

    def test_wilson(self):
        self.assertEqual(verdicts.wilson_low(0, 0), 0)
        self.assertAlmostEqual(verdicts.wilson_low(10, 10), 0.7225, places=3)
        self.assertGreater(verdicts.wilson_low(1000, 1000), 0.99)
        self.assertLess(verdicts.wilson_low(500, 1000), 0.5)


if __name__ == "__main__":
    unittest.main()
