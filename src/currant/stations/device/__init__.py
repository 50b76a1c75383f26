"""The device model: what every station says of its parts, kept so that one question is answered for the whole fleet.

Whatever version a station speaks, its variables have the names of OCPP 2.x; the configuration keys
of 1.6 are mapped onto them (mapping16.py), and a vendor's own keys stand under a component of theirs.
"""
