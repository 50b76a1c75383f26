"""Vouchers and subscriptions: rows to values, values to rows, queries."""
