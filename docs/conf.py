"""Sphinx: pages from Markdown, equations and tables from the code. Nothing is fetched."""

import sys
from pathlib import Path

import ketaqsp

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))

project = "ketaqsp"
author = "the ketaqsp authors"
copyright = "the ketaqsp authors, Apache-2.0"
version = release = ketaqsp.__version__

extensions = ["myst_parser", "ketaqsp_link"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_ext", "figures"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"

html_theme = "furo"
html_title = f"ketaqsp {ketaqsp.__version__}"
html_static_path = ["_static"]
html_css_files = ["ketaqsp.css"]
html_show_sourcelink = False
html_use_index = html_domain_indices = False  # search finds names, and so does the Python page
html_theme_options = {"top_of_page_buttons": []}
