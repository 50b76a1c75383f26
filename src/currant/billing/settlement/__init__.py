"""What payment providers kept and paid out, against what we know: fees booked, payouts awaited, riddles shown."""
