#!/usr/bin/env python3
"""Sums up what ctest did and prints "N passed, N failed" as its last line.

    tally.py [--broken-build] [EXPECTED LABELS RESULTS]...

EXPECTED is a preset's expected_tests.txt ("name label,label" a line, written by CMake), LABELS the labels that were run,
RESULTS the path of ctest's own lists without ending: RESULTS.json (the tests it knows) and RESULTS.xml (JUnit, what they did).

Green is what was seen to run and pass, nothing else. These count as failed: a test that failed, crashed or timed out, one
that did not run, one that ctest knows but has no result for, a test program that yields no test at all, a build that broke.
A skipped test is neither: it is printed by name.
"""
import json
import pathlib
import sys
import xml.etree.ElementTree as xml

SKIPPED = ("SKIP_REGULAR_EXPRESSION", "SKIP_RETURN_CODE")


def expected_programs(text, labels):
    """Names of the programs that carry one of `labels`."""
    wanted = set(labels)
    lines = (line.split() for line in text.splitlines() if line.strip())
    return [name for name, has in lines if wanted & set(has.split(","))]


def known_tests(listing):
    """{test name: program it runs} from ctest --show-only=json-v1."""
    known = {}
    for test in listing.get("tests", []):
        command = test.get("command") or []
        known[test["name"]] = pathlib.Path(command[0]).name if command else test["name"]
    return known


def outcomes(junit):
    """{test name: "passed" | "skipped" | reason of failure} from ctest's JUnit file."""
    results = {}
    for case in junit.iter("testcase"):
        name, status = case.get("name"), case.get("status")
        note = case.find("skipped") if case.find("skipped") is not None else case.find("failure")
        reason = note.get("message") if note is not None and note.get("message") else status
        if status == "run" and case.find("failure") is None:
            results[name] = "passed"
        elif case.find("skipped") is not None and any(word in reason for word in SKIPPED):
            results[name] = "skipped"
        else:
            results[name] = reason or "failed"
    return results


def judge(expected, known, results):
    """(passed, skipped, [failure lines]) of one run."""
    failures = []
    for name in sorted(known.keys() | results.keys()):
        outcome = results.get(name, "no result: did ctest itself stop?")
        if outcome not in ("passed", "skipped"):
            failures.append(f"{name}: {outcome}")
    seen = set(known) | set(known.values())
    failures += [f"{program}: has no tests" for program in expected if program not in seen]
    passed = sum(1 for outcome in results.values() if outcome == "passed")
    skipped = [name for name, outcome in sorted(results.items()) if outcome == "skipped"]
    return passed, skipped, failures


def read_run(expected_file, labels, results_file):
    expected = expected_programs(pathlib.Path(expected_file).read_text(), labels.split(","))
    try:
        known = known_tests(json.loads(pathlib.Path(results_file + ".json").read_text()))
        results = outcomes(xml.parse(results_file + ".xml").getroot())
    except (OSError, ValueError, xml.ParseError) as error:
        return 0, [], [f"{results_file}: no results ({error})"]
    if not results:
        return 0, [], [f"{results_file}: no test ran"]
    return judge(expected, known, results)


def main(arguments):
    passed, skipped, failures = 0, [], []
    if arguments and arguments[0] == "--broken-build":
        failures.append("the build did not finish")
        arguments = arguments[1:]
    for at in range(0, len(arguments), 3):
        more_passed, more_skipped, more_failures = read_run(*arguments[at:at + 3])
        passed += more_passed
        skipped += more_skipped
        failures += more_failures
    for name in skipped:
        print(f"skipped: {name}")
    for line in failures:
        print(f"FAILED: {line}")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
