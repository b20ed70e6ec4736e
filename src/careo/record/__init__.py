"""What was said and done: statements and the ledger of decisions on them."""
