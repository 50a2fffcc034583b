"""Processes that tests kill: forks of one server that has imported all they need, so that each is ready at once.

A test process has one such server, whoever asks first: what it imports is listed in one place, ``forks_ready.py``.
"""

from __future__ import annotations

import multiprocessing

forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload(["tests.forks_ready"])
"""As ``multiprocessing``, for processes that need the journey, the connectors, the inbox or custody."""
