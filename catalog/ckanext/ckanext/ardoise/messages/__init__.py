"""« Signaler un problème / proposer un usage »: what readers write, kept for the stewards of a dataset, for a time."""
