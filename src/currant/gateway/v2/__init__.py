"""OCPP 2.0.1 and 2.1, by functional block. Both versions share the translators; tables tell them apart."""
