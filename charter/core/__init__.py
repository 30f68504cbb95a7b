"""The ground floor: what every capability stands on, and what knows no capability."""
