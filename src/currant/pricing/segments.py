"""A timeline cut where prices change."""
