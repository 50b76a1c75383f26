"""What Currant sends to people: mail, and messages pushed to their devices."""
