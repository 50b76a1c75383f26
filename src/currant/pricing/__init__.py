"""What charging costs: tariffs and their versions, which one holds, and exact rating. Knows no session."""
