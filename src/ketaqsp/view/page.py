"""A template filled in: one page that holds its style and drawings and fetches nothing."""

import base64
import hashlib
from importlib.resources import files

# The page loads nothing, runs nothing and takes no style but the one whose hash is named.
POLICY = (
    "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def page(template, svg, **values):
    """The page as text. Every value passes through autoescape; only our own drawings do not."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    def source(name):
        return files("ketaqsp.view").joinpath(name).read_text(encoding="utf-8")

    environment = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = "\n" + source("report.css")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return environment.get_template(template).render(
        css=Markup(css),  # our own file
        policy=POLICY.format(digest=digest),
        svg={k: Markup(v) for k, v in svg.items()},  # text is escaped by matplotlib
        **values,
    )
