"""OCPP 1.6 (with the security extension): what its messages mean to Currant, and how Currant's wishes are worded."""
