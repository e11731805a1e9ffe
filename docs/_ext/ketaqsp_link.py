"""Sphinx directives that write the pages of the links from the code and the tables.

    ```{equations} circuit          states and signals, each with its equation and its functions
    ```{parameters} circuit         the rows of its table with their sources
    ```{cuts} circuit               the named cuts and scenarios that act on it
    ```{plasma-models}              the published plasma models
    ```{inputs}                     which inputs a regimen has
    ```{drugs}                      what can be given
    ```{inhibitors}                 what changes the enzymes of ketamine
    ```{effects}                    effects that must emerge, with criteria and cuts
    ```{published-figures}          what trials printed
    ```{public-api}                 every name that `import ketaqsp` gives

Mathematics is MathML inside the page, so nothing is fetched when it is read.
"""

import inspect
import re
from html import escape

import ketaqsp_dose
import ketaqsp_equations
import ketaqsp_tables
import ketaqsp_trial
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import ketaqsp
from ketaqsp.parameters.table import published_names


class Link(SphinxDirective):
    """A directive whose one argument is the name of a link."""

    required_arguments = 1

    def run(self):
        try:
            return self.write(self.arguments[0])
        except ValueError as problem:
            raise self.error(str(problem)) from problem


class Equations(Link):
    """Every state and signal of a link, in groups that can be folded."""

    def write(self, link):
        out, told = _reads(link), set()
        groups = ketaqsp_equations.groups(link)
        for place, group in enumerate(groups):
            opened = " open" if place == 0 or len(groups) <= 3 else ""
            summary = f"{escape(group.title)} <small>({_count(group.entries)})</small>"
            parts = [f'<details class="equations"{opened}><summary>{summary}</summary>']
            parts += [entry_html(f"{link}-{place}", entry, told) for entry in group.entries]
            out.append(ketaqsp_tables.raw("\n".join([*parts, "</details>"])))
        return out


def _reads(link):
    """A list of what comes from other links; nothing where nothing does."""
    found = ketaqsp_equations.takes_from(link)
    if not found:
        return []
    items = nodes.bullet_list(bullet="-")
    for other, names in found.items():
        text = nodes.paragraph("", f"from {other}: ")
        for place, name in enumerate(names):
            text += [nodes.Text(", ")] if place else []
            text += nodes.literal("", name)
        items += nodes.list_item("", text)
    return [nodes.paragraph("", "What this link reads:"), items]


def _count(entries):
    return f"{len(entries)} {'name' if len(entries) == 1 else 'names'}"


def entry_html(where, entry, told):
    """One state or signal: name, meaning, unit, equation, and where each term comes from.

    told: functions whose docstring stands above on the page; those of this entry are added.
    """
    unit = "dimensionless" if entry.unit in ("1", "fraction") else entry.unit
    said = f"<code>{escape(entry.name)}</code>: {escape(entry.long_name)} [{escape(unit)}]"
    lines = [f'<div class="entry" id="equation-{where}-{entry.name}">', f"<p>{said}</p>"]
    lines += entry.equations
    if entry.sources:
        lines.append("<ul>" + "".join(_source_html(s, told) for s in entry.sources) + "</ul>")
    return "\n".join([*lines, "</div>"])


def _source_html(source, told):
    fed = ", ".join(f"{a} = {n}" for a, n in source.fed)
    fed = f' <span class="fed">[{escape(fed)}]</span>' if fed else ""
    said = "" if source.function in told else f": {_code(f'{source.first} {source.more}'.strip())}"
    told.add(source.function)
    return f"<li>{escape(source.what)}: <code>{escape(source.function)}</code>{fed}{said}</li>"


def _code(text):
    """Escaped, with `names` in backticks set as code."""
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))


class Parameters(Link):
    """The rows of a link's table and their sources."""

    def write(self, link):
        return ketaqsp_tables.parameters(link)


class Cuts(Link):
    """Named cuts and scenarios of a link."""

    def write(self, link):
        return ketaqsp_tables.cuts(link)


def plain(write):
    """A directive without arguments that gives the nodes of `write`."""

    class Plain(SphinxDirective):
        def run(self):
            return write()

    Plain.__doc__ = inspect.getdoc(write)
    return Plain


def plasma_models():
    """Rows of every published plasma model."""
    return [n for name in published_names() for n in ketaqsp_tables.model_of_plasma(name)]


class PublicApi(SphinxDirective):
    """autodoc of every name in ketaqsp.__all__."""

    def run(self):
        lines = ["```{eval-rst}"]
        kinds = ("function", "class", "data", "exception")
        for name in sorted(ketaqsp.__all__, key=lambda n: (kinds.index(_kind(n)), n)):
            lines.append(f".. auto{_kind(name)}:: ketaqsp.{name}")
            lines += ["   :no-value:", ""] if _kind(name) == "data" else [""]
        return self.parse_text_to_nodes("\n".join([*lines, "```"]))


def _kind(name):
    found = getattr(ketaqsp, name)
    if inspect.isclass(found):
        return "exception" if issubclass(found, Exception) else "class"
    return "function" if callable(found) else "data"


def plain_docstring(app, what, name, obj, options, lines):
    """Keep docstrings as plain text: no character of an equation is taken for markup."""
    if what == "data":
        lines[:] = [f"Known names: {', '.join(f'``{key}``' for key in obj)}.", ""]
        return
    out, block = [], False
    for line in lines:
        indented = line.startswith(" ")
        if indented and not block:
            out += ["", "::", ""]
        if block and line and not indented:
            out.append("")
            block = False
        block = block or indented
        out.append(f"    {line}" if indented else _escaped(line))
    lines[:] = [*out, ""]


def _escaped(line):
    parts = re.split(r"(`+[^`]+`+)", line)
    text = [re.sub(r"([\\*|_])", r"\\\1", part) for part in parts[::2]]
    code = [f"``{part.strip('`')}``" for part in parts[1::2]]
    return "".join(t + c for t, c in zip(text, [*code, ""], strict=True))


def read_again(app, env, docnames):
    """Pages made from the code are read in every build: Sphinx sees only that files change."""
    made = {name for name in env.found_docs if name.startswith(("links/", "reference/"))}
    docnames.extend(sorted(made - set(docnames)))


def setup(app):
    """Called by Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.add_directive("equations", Equations)
    app.add_directive("parameters", Parameters)
    app.add_directive("cuts", Cuts)
    for name, write in {
        "plasma-models": plasma_models,
        "inputs": ketaqsp_dose.inputs,
        "drugs": ketaqsp_dose.drugs,
        "inhibitors": ketaqsp_dose.inhibitors,
        "effects": ketaqsp_trial.effects,
        "published-figures": ketaqsp_trial.published_figures,
    }.items():
        app.add_directive(name, plain(write))
    app.add_directive("public-api", PublicApi)
    app.connect("autodoc-process-docstring", plain_docstring)
    app.connect("env-before-read-docs", read_again)
    return {"version": ketaqsp.__version__, "parallel_read_safe": True}
