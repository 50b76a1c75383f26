"""The driver's API, /driver/v1: for the app of whoever charges. Whose network it shows follows from the host name."""

# The table of all routes names these, and these use what stands beside it: it has to be begun first.
import currant.api.routes  # noqa: F401
