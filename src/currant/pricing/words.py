"""A price in words, short and long, in the languages of the product."""
