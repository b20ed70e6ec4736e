"""Runs: what is fed into the laboratory, what comes out of it, and how it is kept."""
