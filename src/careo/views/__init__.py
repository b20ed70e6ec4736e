"""How it is shown; no arithmetic beyond formatting."""
