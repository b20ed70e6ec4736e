"""What is known: places, indicators, series."""
