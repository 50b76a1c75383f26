"""What a bank says came in and went out, and what it was for."""
