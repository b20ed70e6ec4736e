"""Where violence stands."""

from __future__ import annotations

from careo.base.texts import say
from careo.views import contract
from careo.views.web.page import Asking, Page, page


@page("/", part="overview")
def overview(asking: Asking) -> Page:
    """Where violence stands: the indicators of the country with their definitions."""
    country = asking.services.country
    rows = [
        contract.indicator_data(country, name, "", asking.language, values=False)
        for name in sorted(country.indicators)
    ]
    return Page(
        template="overview.html",
        title=say(asking.language, "web_overview.title"),
        data=contract.envelope("indicators", indicators=rows),
        rows={"indicators": rows},
        command=("indicators",),
        python="import careo\n\nfor name, indicator in careo.load_country().indicators.items():\n    print(name, indicator.definition)",
    )
