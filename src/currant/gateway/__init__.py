"""Where stations connect: sockets, security profiles, connections, and the wording of every OCPP version."""
