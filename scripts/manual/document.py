"""The page of the document that describes a VM, eve-meta-document(5): docs/document.md in other clothes."""

from scripts.manual import roff
from scripts.manual.markdown import blocks

NAME = "eve-meta-document"


def page(edition: roff.Edition, markdown: str) -> roff.Page:
    """The page of a text that begins with its title."""
    _, _, text = markdown.partition("\n")
    body = (
        *roff.heading("Description"),
        *blocks(text),
        *roff.heading("See also"),
        *roff.filled(f"{roff.bold('eve-meta')}(1), {roff.bold('eve-meta-render')}(1)"),
    )
    return roff.page(edition, NAME, 5, "what is said of a VM to eve-meta", body)
