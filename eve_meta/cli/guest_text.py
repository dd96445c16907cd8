"""What a guest has written, as it is shown on the host."""

import sys


def shown(text: str) -> str:
    """For a terminal without what could command it, but for line feeds; for a program as it is."""
    return "".join(map(_shown, text)) if sys.stdout.isatty() else text


def _shown(character: str) -> str:
    is_harmless = character.isprintable() or character == "\n"
    return character if is_harmless else character.encode("unicode_escape").decode()
