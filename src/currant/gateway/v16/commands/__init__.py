"""How Currant's commands are worded for OCPP 1.6, a module per block; `outbound` gathers them."""
