"""ETRS89-LAEA (EPSG:3035) against the worked example of its method, both ways."""

from __future__ import annotations

import numpy as np
import pytest

from anonymization import grid


def test_forward() -> None:
    easting, northing = grid.project(np.array([50.0]), np.array([5.0]))
    assert easting == pytest.approx([3962799.45], abs=0.005)
    assert northing == pytest.approx([2999718.85], abs=0.005)


def test_reverse() -> None:
    latitude, longitude = grid.unproject(np.array([3962799.45]), np.array([2999718.85]))
    assert latitude == pytest.approx([50.0], abs=1e-7)
    assert longitude == pytest.approx([5.0], abs=1e-7)
