"""Decoders: an operator's payload becomes typed Arrow batches."""
