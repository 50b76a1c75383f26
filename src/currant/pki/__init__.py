"""Certificates: Currant's own authority, so that encrypted connections work on the first start."""
