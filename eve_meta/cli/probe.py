"""`eve-meta probe`."""

import base64
import json
import sys

import click

from eve_meta.cli import guest_text, options
from eve_meta.cli.examples import examples
from eve_meta.diagnosis.asking import How, NoAnswerError, Reply, ask

DEFAULT_PATH = "/openstack/latest/meta_data.json"
_DONE = range(200, 300)


def _a_target(_context: click.Context, _argument: click.Parameter, value: str) -> str:
    if not value.startswith("/") or not value.isascii() or not value.isprintable() or " " in value:
        raise click.BadParameter(f"is no path like {DEFAULT_PATH}")
    return value


@click.command(
    short_help="Ask at an interface as its guest would, without the guest.",
    epilog=examples(
        "eve-meta probe tap0",
        "eve-meta probe tap0 /latest/meta-data/hostname -6",
        "eve-meta probe tap0 --json | jq -r .status",
    ),
)
@options.interface
@click.argument("path", default=DEFAULT_PATH, callback=_a_target)
@click.option("-6", "--ipv6", "is_ipv6", is_flag=True, help="Ask at fe80::a9fe:a9fe over IPv6.")
@click.option("--token", "gets_token", is_flag=True, help="Get a session token first (IMDSv2).")
@click.option("-i", "--headers", "with_head", is_flag=True, help="Print status and headers, too.")
@click.option("--json", "as_json", is_flag=True, help="Print all that was answered, for programs.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(min=0.1, max=600),
    default=5.0,
    show_default=True,
    help="Seconds that each step may take; the kernel seeks a hardware address for three.",
)
def command(  # noqa: PLR0913 - click passes all by name
    *,
    interface: str,
    path: str,
    is_ipv6: bool,
    gets_token: bool,
    with_head: bool,
    as_json: bool,
    seconds: float,
) -> None:
    """Print what the guest behind INTERFACE is answered at PATH, by default its OpenStack metadata.

    What is asked comes in on INTERFACE as the guest's own frames do, whether there is a guest or not.
    """
    how = How(version=6 if is_ipv6 else 4, seconds=seconds, gets_token=gets_token)
    try:
        reply = ask(interface, path, how)
    except NoAnswerError as error:
        hint = "" if error.step == "port" else f" (see 'eve-meta doctor {interface}')"
        raise click.ClickException(f"{error}{hint}") from error
    _print(reply, with_head=with_head, as_json=as_json)
    if reply.status not in _DONE:
        raise click.ClickException(f"{interface}: {path} is answered {reply.status} {reply.reason}")


def _print(reply: Reply, *, with_head: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_plain(reply), indent=1))
        return
    if with_head:
        click.echo(f"{reply.status} {reply.reason}")
        click.echo("".join(f"{name}: {value}\n" for name, value in reply.headers))
    if sys.stdout.isatty():
        click.echo(guest_text.shown(reply.body.decode(errors="replace")))
    else:
        sys.stdout.buffer.write(reply.body)


def _plain(reply: Reply) -> dict[str, object]:
    try:
        body = {"body": reply.body.decode()}
    except UnicodeDecodeError:
        body = {"body_base64": base64.b64encode(reply.body).decode()}
    return {
        "status": reply.status,
        "reason": reply.reason,
        "headers": [list(each) for each in reply.headers],
        **body,
        "ms": round(reply.milliseconds, 3),
        "returning": reply.returning,
        "neighbour": reply.neighbour,
    }
