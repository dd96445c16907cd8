"""The program that an agent goes on as: the same command, as it is installed by now."""

import subprocess
import sys

CHECK_SECONDS = 20


def command() -> list[str]:
    """The program with its arguments."""
    return [sys.executable, *sys.orig_argv[1:]]


def objection() -> str:
    """Why it would not run, as far as it can tell of its settings; empty if it would. Blocks meanwhile."""
    try:
        done = subprocess.run(  # noqa: S603 - what runs already
            [*command(), "--check"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it has not looked at its settings within {CHECK_SECONDS} s"
    except OSError as error:
        return f"{sys.executable}: {error.strerror}"
    if done.returncode == 0:
        return ""
    said = done.stderr.strip() or f"exit code {done.returncode}"
    return said.splitlines()[-1].removeprefix("eve-meta: ")
