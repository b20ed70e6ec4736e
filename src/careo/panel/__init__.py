"""What is known: places, indicators, series, and the words people use for them."""

from careo.panel.panel import Panel as Panel
from careo.panel.panel import load_panel as load_panel

__all__ = ["Panel", "load_panel"]
