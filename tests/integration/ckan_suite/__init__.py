"""CKAN's own tests: apart from ours of the catalogue, so that both run side by side."""
