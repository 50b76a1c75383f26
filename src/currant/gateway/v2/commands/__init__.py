"""How Currant's commands are worded for OCPP 2.x, a module per block; `outbound` gathers them."""
