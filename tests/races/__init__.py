"""What must hold when two people, or one person twice, do something at the very same moment."""
