"""The composition root: settings, the whole put together, the command line."""
