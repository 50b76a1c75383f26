"""Invoices, receipts, credit notes and statements: made, numbered, kept and never changed."""
