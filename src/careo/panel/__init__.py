"""What is known: places, indicators, series, and the words people use for them."""

from careo.panel.country import Country as Country
from careo.panel.country import country_of as country_of
from careo.panel.country import load_country as load_country

__all__ = ["Country", "country_of", "load_country"]
