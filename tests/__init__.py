"""The proof that the tracker does what it says, on real databases and in a real browser."""
