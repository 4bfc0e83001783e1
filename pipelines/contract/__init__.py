"""What departments promise to send, as data."""
