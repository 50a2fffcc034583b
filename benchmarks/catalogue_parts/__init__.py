"""The parts of the catalogue's benchmark; ``python -m benchmarks.catalogue`` runs them."""
