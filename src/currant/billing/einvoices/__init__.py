"""Documents as structured invoices: EN 16931 in both its syntaxes, and India's INV-01. Pure writers."""
