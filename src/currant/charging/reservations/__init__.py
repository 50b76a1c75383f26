"""Places kept for drivers: reservations, and the list of those who wait for a free one."""
