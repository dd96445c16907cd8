"""Starts an agent: the fork server first, which makes its imports while the agent makes its own."""

import importlib
import os
import sys

from eve_meta.agent.fdstore import keeps_descriptors
from eve_meta.agent.spawn import spawn
from eve_meta.limits import assignments
from eve_meta.settings import Settings


def run(settings: Settings) -> int:
    """Run an agent until a signal ends it or replaces it; the exit code."""
    kept = ("--kept",) if keeps_descriptors(os.environ) else ()
    limits = (f"--limit={each}" for each in assignments(settings.limits))
    log = f"--log={settings.log}"
    options = ("--root", str(settings.servers_root), "--user", settings.user, log, *kept, *limits)
    try:
        spawned = spawn(options)
    except OSError as error:
        sys.stderr.write(f"eve-meta: cannot run {sys.executable}: {error.strerror}\n")
        return 1
    code: int = importlib.import_module("eve_meta.agent.service").run(settings, spawned)
    return code
