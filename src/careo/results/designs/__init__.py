"""Designs of causal evaluation, one file each: `estimate(setting)` and `checks(setting)`."""
