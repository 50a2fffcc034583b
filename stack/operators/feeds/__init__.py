"""How each simulated feed is delivered, a module a dataset; see :mod:`stack.operators`."""
