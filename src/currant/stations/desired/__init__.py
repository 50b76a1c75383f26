"""What stations shall be, declared; and the reconciler that makes them so."""
