"""Parameters as data: tables beside each link, read here and nowhere else."""

from ketaqsp.parameters.table import Row, links, rows, sources

__all__ = ["Row", "links", "rows", "sources"]
