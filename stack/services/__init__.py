"""The services of the embedded stack, in the order they are started."""
