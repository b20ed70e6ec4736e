"""Running: strategies compiled to scenarios, ensembles of draws, runs that can be taken up again."""
