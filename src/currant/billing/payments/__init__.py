"""Payments: money that drivers and accounts give through payment service providers. No card data comes here."""
