"""Carrying the trusted zone's pseudonyms to another epoch: find, carry, switch, and clear away what is left behind."""
