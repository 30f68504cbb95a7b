"""The office's review: the queue of what waits for a person, and one thing of it at a time."""
