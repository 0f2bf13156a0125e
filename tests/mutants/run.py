#!/usr/bin/env python3
"""Plants each known fault and sees the test that guards against it fail.

    run.py [--list] [NAME...]

tests/mutants/NAME.patch is a patch against the project root whose first line names the test that must go red:

    # test: evidence_test TreeTest.*         (program and GoogleTest filter)
    # test: ctest ^kill9$                    (regular expression of ctest names)

The sources are copied to build/mutants/source and built there; the named test is first seen green on the unchanged copy. A
patch that does not apply or does not build, a filter that matches no test, and a test that stays green all count as failed.
Last line: "N passed, N failed".
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "build" / "mutants" / "source"
BUILD = ROOT / "build" / "mutants" / "build"
TEST_SECONDS_MAX = 300
SEEDS_WHEN_GREEN = "1-20"


class Broken(Exception):
    """The mutant says nothing: not applied, not built, nothing to run."""


def run(command, **options):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def must(command, what, **options):
    done = run(command, **options)
    if done.returncode != 0:
        raise Broken(f"{what}\n{done.stdout[-3000:]}")
    return done.stdout


def named_test(patch):
    first = patch.read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# test: (\S+)\s+(\S+)", first)
    if not match:
        raise Broken("its first line is not '# test: PROGRAM FILTER'")
    return match.groups()


def copy_sources():
    """Makes SOURCE equal to the project's files; unchanged files keep their time, so that ninja builds only what changed."""
    listed = must(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], "git ls-files", cwd=ROOT)
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in names:
        source, target = ROOT / name, SOURCE / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        target.touch()
    for target in [path for path in SOURCE.rglob("*") if path.is_file()]:
        if str(target.relative_to(SOURCE)) not in names:
            target.unlink()


def configure():
    must(["cmake", "-S", str(SOURCE), "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
          "-DCMAKE_CXX_FLAGS_RELEASE=-O1"], "cmake")


def build(program):
    targets = ["programs", "tests_integration", "tests_fault"] if program == "ctest" else [program]
    must(["ninja", "-C", str(BUILD), *targets], "does not build")


def command_of(program, what):
    if program == "ctest":
        return ["ctest", "--test-dir", str(BUILD), "-R", what, "--no-tests=error", "--output-on-failure"]
    return [str(BUILD / "bin" / program), f"--gtest_filter={what}", "--gtest_brief=1"]


def is_green(program, what, planted):
    """True if the test passes, False if it fails, crashes or hangs. Without a fault the simulator need not run all its seeds."""
    if program != "ctest":
        listed = must([str(BUILD / "bin" / program), f"--gtest_filter={what}", "--gtest_list_tests"], "cannot list tests")
        if not any(line.startswith("  ") for line in listed.splitlines()):
            raise Broken(f"no test of {program} matches {what}")
    elif "Total Tests: 0" in must(["ctest", "--test-dir", str(BUILD), "-N", "-R", what], "ctest -N"):
        raise Broken(f"no test matches {what}")
    try:
        environment = os.environ if planted else {**os.environ, "LIANXI_SEEDS": SEEDS_WHEN_GREEN}
        return run(command_of(program, what), timeout=TEST_SECONDS_MAX, cwd=BUILD, env=environment).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def try_mutant(patch):
    program, what = named_test(patch)
    build(program)
    if not is_green(program, what, planted=False):
        raise Broken(f"{program} {what} fails without the fault")
    applied = False
    try:
        must(["patch", "-p1", "--forward", "--batch", "--no-backup-if-mismatch", "-i", str(patch)], "does not apply", cwd=SOURCE)
        applied = True
        build(program)
        if is_green(program, what, planted=True):
            raise Broken(f"SURVIVED: {program} {what} stays green")
    finally:
        if applied:
            must(["patch", "-p1", "--reverse", "--batch", "-i", str(patch)], "does not come off", cwd=SOURCE)
    return f"{program} {what}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the mutants and their tests")
    parser.add_argument("names", nargs="*", help="run only these")
    arguments = parser.parse_args()
    patches = sorted(pathlib.Path(__file__).parent.glob("*.patch"))
    if arguments.names:
        patches = [patch for patch in patches if patch.stem in arguments.names]
    if arguments.list:
        for patch in patches:
            print(patch.stem, *named_test(patch))
        return 0
    passed = failed = 0
    for patch in patches:
        begin = time.monotonic()
        try:
            copy_sources()
            if not (BUILD / "build.ninja").exists():
                configure()
            line = f"killed by {try_mutant(patch)}"
            passed += 1
        except Broken as why:
            line = f"FAILED: {why}"
            failed += 1
        print(f"{patch.stem}: {line} ({time.monotonic() - begin:.0f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
