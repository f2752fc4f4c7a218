"""Files as such: replaced in one piece, locked, read as JSON."""
