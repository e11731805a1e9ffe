"""View: what people see. Figures, the HTML report, the table on a terminal. Computes no result."""

from ketaqsp.view.demo import run_demo

__all__ = ["run_demo"]
