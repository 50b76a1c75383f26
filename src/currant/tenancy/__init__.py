"""Organisations, the people and programs that work for them, and what each of them may do."""
