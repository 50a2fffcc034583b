"""From a feed that nobody described to a contract that a steward can review."""
