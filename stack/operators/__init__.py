"""Simulated operators: invented feeds in the real formats, with the defects that real feeds have."""
