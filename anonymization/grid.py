"""The 200 m grid of official statistics, computed by column in numpy.

Cells are those of INSPIRE (D2.8.I.2, Geographical Grid Systems) as INSEE names them: squares of 200 m in ETRS89-LAEA
(EPSG:3035), called by the northing and easting of their south-west corner, ``CRS3035RES200mN2471400E3462600``.

The projection is the ellipsoidal Lambert azimuthal equal-area one of Snyder, *Map Projections, a Working Manual*,
USGS PP 1395, section 24; the same formulas stand in IOGP guidance note 373-7-2 under method EPSG:9820. Latitudes and
longitudes are ETRS89 degrees; WGS 84 ones differ by less than a metre and are taken as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CELL_SIZE = 200  # m
_SEMI_MAJOR_AXIS = 6_378_137.0  # m, GRS 80
_FLATTENING = 1 / 298.257222101
_E2 = _FLATTENING * (2 - _FLATTENING)
_E = _E2**0.5
_LATITUDE_OF_ORIGIN = np.radians(52.0)
_LONGITUDE_OF_ORIGIN = np.radians(10.0)
_FALSE_EASTING = 4_321_000.0  # m
_FALSE_NORTHING = 3_210_000.0  # m


def _q(sine: Floats) -> Floats:
    """Snyder's q (3-12) of a sine of latitude."""
    return np.asarray(
        (1 - _E2) * (sine / (1 - _E2 * sine**2) - np.log((1 - _E * sine) / (1 + _E * sine)) / (2 * _E)),
        dtype=np.float64,
    )


_Q_POLE = float(_q(np.array(1.0)))
_RADIUS = _SEMI_MAJOR_AXIS * (_Q_POLE / 2) ** 0.5  # of the authalic sphere (3-13)
_BETA_ORIGIN = float(np.arcsin(_q(np.sin(np.array(_LATITUDE_OF_ORIGIN))) / _Q_POLE))
_D = float(
    _SEMI_MAJOR_AXIS
    * np.cos(_LATITUDE_OF_ORIGIN)
    / ((1 - _E2 * np.sin(_LATITUDE_OF_ORIGIN) ** 2) ** 0.5 * _RADIUS * np.cos(_BETA_ORIGIN))
)


def project(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """Easting and northing (m, EPSG:3035) of points given in degrees."""
    beta = np.arcsin(np.clip(_q(np.sin(np.radians(latitude))) / _Q_POLE, -1, 1))
    away = np.radians(longitude) - _LONGITUDE_OF_ORIGIN
    denominator = 1 + np.sin(_BETA_ORIGIN) * np.sin(beta) + np.cos(_BETA_ORIGIN) * np.cos(beta) * np.cos(away)
    b = _RADIUS * np.sqrt(2 / denominator)
    easting = _FALSE_EASTING + b * _D * np.cos(beta) * np.sin(away)
    northing = _FALSE_NORTHING + b / _D * (
        np.cos(_BETA_ORIGIN) * np.sin(beta) - np.sin(_BETA_ORIGIN) * np.cos(beta) * np.cos(away)
    )
    return easting, northing


def unproject(easting: Floats, northing: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude (degrees) of points given in EPSG:3035; the inverse of :func:`project`."""
    x = (easting - _FALSE_EASTING) / _D
    y = (northing - _FALSE_NORTHING) * _D
    rho = np.hypot(x, y)
    angle = 2 * np.arcsin(np.clip(rho / (2 * _RADIUS), -1, 1))
    safe_rho = np.where(rho == 0, 1.0, rho)
    sine = np.cos(angle) * np.sin(_BETA_ORIGIN) + y * np.sin(angle) * np.cos(_BETA_ORIGIN) / safe_rho
    beta = np.arcsin(np.clip(np.where(rho == 0, np.sin(_BETA_ORIGIN), sine), -1, 1))
    across = x * np.sin(angle)
    ahead = rho * np.cos(_BETA_ORIGIN) * np.cos(angle) - y * np.sin(_BETA_ORIGIN) * np.sin(angle)
    longitude = _LONGITUDE_OF_ORIGIN + np.where(rho == 0, 0.0, np.arctan2(across, ahead))
    # Series (3-18): from authalic to geodetic latitude, exact to well under a millimetre.
    latitude = (
        beta
        + (_E2 / 3 + 31 * _E2**2 / 180 + 517 * _E2**3 / 5040) * np.sin(2 * beta)
        + (23 * _E2**2 / 360 + 251 * _E2**3 / 3780) * np.sin(4 * beta)
        + (761 * _E2**3 / 45360) * np.sin(6 * beta)
    )
    return np.degrees(latitude), np.degrees(longitude)


def cells(latitude: Floats, longitude: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Easting and northing (m) of the south-west corner of each point's cell. Points must be finite."""
    easting, northing = project(latitude, longitude)
    return (
        np.floor(easting / CELL_SIZE).astype(np.int64) * CELL_SIZE,
        np.floor(northing / CELL_SIZE).astype(np.int64) * CELL_SIZE,
    )


def centers(easting: NDArray[np.int64], northing: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Latitude and longitude (degrees) of the centers of the cells whose south-west corners are given."""
    half = CELL_SIZE / 2
    return unproject(easting.astype(np.float64) + half, northing.astype(np.float64) + half)
