"""Charges: what each session costs, who pays it, and how it is put right when the session turns out otherwise."""
