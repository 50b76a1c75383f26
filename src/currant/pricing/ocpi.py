"""Tariffs of OCPI 2.2.1 and 2.3.0 as prices, and back, with a list of what either cannot say."""
