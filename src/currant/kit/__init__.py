"""Small values everything else is made of: time, identifiers, quantities, events, errors."""
