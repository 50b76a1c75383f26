"""OCPP 1.6, 2.0.1 and 2.1: messages, frames and the peer that speaks them, without a socket or a clock."""
