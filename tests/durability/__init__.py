"""What must survive: a real server is killed with no warning, again and again, while it saves."""
