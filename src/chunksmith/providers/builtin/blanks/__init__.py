"""Cloze items: what may be blanked out, and the statements that are printed around it."""
