"""What an ensemble says of itself while it runs: its status file, and the words for it."""
