"""Fuzzes the document parser for a time: see `scripts/fuzz`.

Grammars alone guide it. Most of the parser is tables, so that which lines run says little about which values
were tried; what is read of JSON and YAML is C, whose lines atheris does not see.
"""

import random
import sys
import time
import traceback
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.documents import DATA, TEXTS_OF_ANY
from tests.fuzz.judge import judge_data, judge_text
from tests.fuzz.memory import forget_peak, peak_mib

T = TypeVar("T")
QUARTERS = (25, 50, 75, 100)
ROUND = settings(
    max_examples=30,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def main(seconds: float) -> int:
    """Make up documents for a time; how many kinds of failures there were, at most 1."""
    began = time.monotonic()
    executions = failures = 0
    for percent in QUARTERS:
        forget_peak()
        while time.monotonic() < began + seconds * percent / 100:
            done, failed = one_round(random.getrandbits(32))
            executions += done
            failures += failed
        print(f"{percent:3} %  {executions} documents, {failures} failures, peak {peak_mib()} MiB")
    return min(failures, 1)


def one_round(number: int) -> tuple[int, int]:
    """Executions and failures of a round, which is the same for the same number."""
    of_data = attempt(judge_data, DATA, number)
    of_texts = attempt(judge_text, TEXTS_OF_ANY, number)
    return of_data[0] + of_texts[0], of_data[1] + of_texts[1]


def attempt(judge: Callable[[T], None], inputs: st.SearchStrategy[T], number: int) -> tuple[int, int]:
    """Have made up inputs judged; a failure is told with the smallest input that was found to fail."""
    done = 0

    @seed(number)
    @ROUND
    @given(inputs)
    def judged(made: T) -> None:
        nonlocal done
        done += 1
        judge(made)

    try:
        judged()
    except Exception:  # noqa: BLE001 - whatever it is, it is what is sought
        print(f"round {number}:", traceback.format_exc(), sep="\n")
        return done, 1
    return done, 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60))
