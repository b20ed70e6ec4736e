"""What is believed about the effects of measures, and why: levers, their priors, and the studies behind them."""

from careo.evidence.levers import Lever as Lever
from careo.evidence.levers import find_lever as find_lever
from careo.evidence.levers import load_levers as load_levers
from careo.evidence.studies import Study as Study
from careo.evidence.studies import load_studies as load_studies

__all__ = ["Lever", "Study", "find_lever", "load_levers", "load_studies"]
