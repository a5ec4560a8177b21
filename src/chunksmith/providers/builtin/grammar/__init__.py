"""How sentences are read: words, their classes, the finite verb, clauses, and what headings name."""
