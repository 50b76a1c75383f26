"""Drivers: who charges, as themselves or as a guest, from an app of their own."""
