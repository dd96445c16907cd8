"""How Sphinx makes a site of these pages; `scripts/docs` runs it.

The pages are Markdown that reads well on a code host as it is, so their links are relative ones to files and
headings. Each is checked; whether other sites are there is not, since tests have no network.
"""

project = "eve-meta"
extensions = ["myst_parser"]
highlight_language = "none"
nitpicky = True

# Down to which level headings can be linked to, by the names that code hosts give them.
myst_heading_anchors = 3

html_theme = "furo"
html_title = "eve-meta"
html_copy_source = False
