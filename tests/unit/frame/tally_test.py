#!/usr/bin/env python3
"""The judge of all tests is itself judged: each way in which a test can fail to be green must count as failed."""
import pathlib
import sys
import unittest
import xml.etree.ElementTree as xml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import tally  # noqa: E402

JUNIT = """<testsuite>
  <testcase name="A.Passes" status="run"/>
  <testcase name="A.Fails" status="fail"><failure message="Failed"/></testcase>
  <testcase name="A.Crashes" status="fail"><failure message="SEGFAULT"/></testcase>
  <testcase name="A.Skips" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>
  <testcase name="b_test_NOT_BUILT" status="notrun"><skipped message="Unable to find executable"/></testcase>
</testsuite>"""


class TallyTest(unittest.TestCase):
    def judge(self, expected, known, junit=JUNIT):
        return tally.judge(expected, known, tally.outcomes(xml.fromstring(junit)))

    def test_only_what_ran_and_did_not_fail_is_passed(self):
        passed, skipped, failures = self.judge([], {})
        self.assertEqual(passed, 1)
        self.assertEqual(skipped, ["A.Skips"])
        self.assertEqual(failures, ["A.Crashes: SEGFAULT", "A.Fails: Failed", "b_test_NOT_BUILT: Unable to find executable"])

    def test_a_test_without_a_result_is_failed(self):
        _, _, failures = self.judge([], {"A.Lost": "a_test"})
        self.assertIn("A.Lost: no result: did ctest itself stop?", failures)

    def test_a_program_without_tests_is_failed(self):
        listing = {"tests": [{"name": "A.Passes", "command": ["/build/bin/a_test", "--gtest_filter=A.Passes"]}]}
        known = tally.known_tests(listing)
        self.assertEqual(known, {"A.Passes": "a_test"})
        _, _, failures = self.judge(["a_test", "empty_test"], known)
        self.assertIn("empty_test: has no tests", failures)
        self.assertNotIn("a_test: has no tests", failures)

    def test_a_test_that_is_a_command_is_expected_by_its_own_name(self):
        _, _, failures = self.judge(["A.Passes"], {"A.Passes": "python3"})
        self.assertNotIn("A.Passes: has no tests", failures)

    def test_expected_programs_are_those_with_the_label(self):
        text = "a_test unit\nb_test simulation,unit\nc_test fault\n"
        self.assertEqual(tally.expected_programs(text, ["unit"]), ["a_test", "b_test"])

    def test_missing_results_are_a_failure(self):
        passed, _, failures = tally.read_run("/dev/null", "unit", "/nonexistent/results")
        self.assertEqual((passed, len(failures)), (0, 1))


if __name__ == "__main__":
    unittest.main()
