"""Monitors of stations, what they told, and the problems that are open."""
