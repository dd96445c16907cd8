"""The examples that a help text ends with."""


def examples(*lines: str) -> str:
    """An epilog of click's with each line as it is: a command, or an indented remark."""
    return "\n".join(("\b", "Examples:", *(f"  {each}" for each in lines)))
