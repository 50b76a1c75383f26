"""Signed meter values: checked, kept as evidence, and handed out for the transparency software."""
