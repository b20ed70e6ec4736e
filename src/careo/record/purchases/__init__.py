"""Public purchases watched as they are published: processes, rules, signals, and the state that is kept of them."""
