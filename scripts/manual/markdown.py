"""Turns the Markdown of our documents into roff.

It is read by markdown-it, which comes with rich. A table becomes a list of what each first cell means.
"""

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from scripts.manual import roff

_READER = MarkdownIt("commonmark").enable("table")
_FONTS = {"em": "\\fI", "strong": "\\fB"}


def blocks(text: str) -> Iterator[str]:
    """The lines of a text, whose headings are those of parts of a section.

    Raises:
        ValueError: there is something in it that no document of ours has had.
    """
    for node in SyntaxTreeNode(_READER.parse(text)).children:
        yield from _block(node)


def inline(text: str) -> str:
    """One paragraph, escaped."""
    return "".join(map(_inline, SyntaxTreeNode(_READER.parseInline(text)).children))


def _block(node: SyntaxTreeNode) -> Iterator[str]:
    match node.type:
        case "html_block":  # a comment for those who write the page
            return iter(())
        case "heading":
            return roff.subheading(node.children[0].content)
        case "paragraph":
            return roff.paragraph(_inline(node.children[0]))
        case "fence":
            return roff.example(node.content)
        case "bullet_list":
            return (
                line for each in node.children for line in roff.item(_inline(each.children[0].children[0]))
            )
        case "table":
            return (line for row in node.children[1].children for line in _row(row.children))
    raise ValueError(f"line {node.map}: {node.type} is not known here")


def _row(cells: Sequence[SyntaxTreeNode]) -> Iterator[str]:
    first, *others = ("".join(map(_inline, cell.children)) for cell in cells)
    return roff.term(first, "; ".join(filter(None, others)))


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text":
            return roff.escaped(node.content)
        case "code_inline":
            return roff.bold(node.content)
        case "softbreak":
            return " "
        case "em" | "strong":
            return f"{_FONTS[node.type]}{_inside(node)}\\fR"
        case "inline" | "link":
            return _inside(node)
    raise ValueError(f"{node.type} is not known here: {node.content}")


def _inside(node: SyntaxTreeNode) -> str:
    return "".join(map(_inline, node.children))
