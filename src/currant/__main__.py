"""`python -m currant` is `currant`."""

from currant.app.cli import main

main()
