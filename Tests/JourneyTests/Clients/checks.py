"""Named checks that run one after the other, and tell each result on a line of its own."""
import sys
import time
import traceback

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def eventually(what, answer, within=20.0):
    """Asks until the answer is true; an error counts as no. Returns the answer."""
    end = time.monotonic() + within
    last = None
    while True:
        try:
            last = answer()
            if last:
                return last
        except Exception as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {within} s: {what}; last answer: {last!r}")
        time.sleep(0.1)


def expect(condition, seen=""):
    """Like assert, but not taken away by optimization, and it tells what was seen."""
    if not condition:
        raise AssertionError(f"saw {seen!r}")


def run():
    """Runs the checks, or those whose names are given; the exit code is how many failed."""
    wanted = set(sys.argv[1:])
    failed = 0
    for function in CHECKS:
        if wanted and function.__name__ not in wanted:
            continue
        try:
            function()
            print(f"ok {function.__name__}", flush=True)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            failed += 1
            print(f"FAILED {function.__name__}: {error}", flush=True)
            traceback.print_exc()
    sys.exit(min(failed, 100))
