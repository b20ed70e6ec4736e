"""The only door to the outside: files, URLs, page formats."""
