"""The console and the driver app, built into the package, and how they are served."""
