"""The laboratory's equations: arrays in, arrays out; no country, no dates, no files, no tables."""
