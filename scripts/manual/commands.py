"""The pages of eve-meta(1) and of each verb: what click knows of them, which `--help` tells in short."""

from collections.abc import Iterator

import click

from eve_meta.cli import VERBS, eve_meta
from scripts.manual import common, document, roff
from scripts.manual.markdown import inline

_TOLD_ELSEWHERE = "'eve-meta COMMAND --help' has examples"


def pages(edition: roff.Edition) -> Iterator[roff.Page]:
    """Of the command itself first."""
    program = click.Context(eve_meta, info_name="eve-meta", **eve_meta.context_settings)
    verbs = [_context(eve_meta, program, verb) for verb in VERBS]
    summary = "cloud metadata for the VMs of this host"
    yield roff.page(edition, "eve-meta", 1, summary, _overview(program, verbs))
    for verb in verbs:
        summary = verb.command.get_short_help_str(limit=100).rstrip(".")
        yield roff.page(edition, _name(verb), 1, summary[0].lower() + summary[1:], _verb(verb))


def _context(group: click.Group, parent: click.Context, name: str) -> click.Context:
    command = group.get_command(parent, name)
    if command is None:
        raise LookupError(name)
    return click.Context(command, parent, info_name=name)


def _name(verb: click.Context) -> str:
    return verb.command_path.replace(" ", "-")


def _overview(program: click.Context, verbs: list[click.Context]) -> Iterator[str]:
    yield from _beginning(program)
    yield from roff.heading("Commands")
    for verb in verbs:
        yield from roff.term(
            _reference(_name(verb), 1), roff.escaped(verb.command.get_short_help_str(limit=100))
        )
    yield from _options(program)
    yield from common.exit_status()
    yield from common.files()
    yield from common.environment()
    yield from roff.heading("Examples")
    for verb in verbs:
        yield from roff.example(_examples(verb.command)[0])
    yield from _see_also(*map(_name, verbs))


def _verb(verb: click.Context) -> Iterator[str]:
    yield from _beginning(verb)
    yield from _options(verb)
    if isinstance(verb.command, click.Group):
        yield from roff.heading("Commands")
        yield from _commands(verb, verb.command)
    yield from common.exit_status()
    yield from roff.heading("Examples")
    for each in _examples(verb.command):
        yield from roff.example(each)
    yield from _see_also("eve-meta")


def _beginning(context: click.Context) -> Iterator[str]:
    yield from roff.heading("Synopsis")
    yield from roff.filled(_usage(context))
    yield from roff.heading("Description")
    for each in _paragraphs(context.command):
        if not each.startswith(_TOLD_ELSEWHERE):
            yield from roff.paragraph(inline(each))


def _usage(context: click.Context) -> str:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    return f"{roff.bold(context.command_path)} {roff.escaped(pieces)}"


def _options(context: click.Context) -> Iterator[str]:
    yield from roff.heading("Options")
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            yield from roff.term(roff.bold(record[0]), inline(record[1]))


def _commands(context: click.Context, group: click.Group) -> Iterator[str]:
    """What a group has, and what groups in it have."""
    for name in group.list_commands(context):
        inner = _context(group, context, name)
        if isinstance(inner.command, click.Group):
            yield from _commands(inner, inner.command)
        else:
            yield from roff.term(_usage(inner), inline(" ".join(_paragraphs(inner.command))))


def _paragraphs(command: click.Command) -> list[str]:
    """What its help says, without line breaks."""
    return [" ".join(each.split()) for each in (command.help or "").split("\n\n")]


def _examples(command: click.Command) -> list[str]:
    """The lines of `eve_meta.cli.examples`."""
    return [each.strip() for each in (command.epilog or "").splitlines() if each.startswith(" ")]


def _reference(name: str, section: int) -> str:
    return f"{roff.bold(name)}({section})"


def _see_also(*names: str) -> Iterator[str]:
    yield from roff.heading("See also")
    references = [*(_reference(name, 1) for name in names), _reference(document.NAME, 5)]
    yield from roff.filled(", ".join(references))
