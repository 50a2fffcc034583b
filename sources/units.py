"""Units of measure: what an operator writes, in the unit that the contract declares (UCUM).

Three notations are understood: UCUM codes, the codes of UN/ECE Recommendation 20 that NGSI-LD's `unitCode` uses (ETSI
GS CIM 009, 4.5.2), and the everyday signs of energy companies (Wh, kVA). A unit outside this table, or of another
dimension than the contract's, is never guessed: the caller refuses the option or rejects the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Conversion:
    """`value * factor + offset`."""

    factor: float
    offset: float = 0.0


_DIMENSIONS: dict[str, dict[str, float]] = {  # UCUM code -> how many of the first
    "energy": {"J": 1, "kJ": 1e3, "MJ": 1e6, "W.h": 3600, "kW.h": 3.6e6, "MW.h": 3.6e9, "GW.h": 3.6e12},
    "power": {"W": 1, "kW": 1e3, "MW": 1e6, "mW": 1e-3},
    "apparent power": {"V.A": 1, "kV.A": 1e3},
    "reactive power": {"var": 1, "kvar": 1e3},
    "volume": {"L": 1, "mL": 1e-3, "cL": 1e-2, "hL": 100, "dm3": 1, "m3": 1000},
    "flow": {"m3/s": 3600, "m3/h": 1, "L/s": 3.6, "L/min": 0.06, "L/h": 1e-3, "m3/d": 1 / 24},
    "length": {"m": 1, "mm": 1e-3, "cm": 1e-2, "km": 1000},
    "speed": {"m/s": 3.6, "km/h": 1},
    "share": {"1": 1, "%": 0.01, "[ppth]": 1e-3},
    "pressure": {"Pa": 1, "hPa": 100, "kPa": 1000, "mbar": 100, "bar": 1e5},
    "time": {"s": 1, "ms": 1e-3, "min": 60, "h": 3600, "d": 86_400},
    "mass": {"g": 1, "mg": 1e-3, "ug": 1e-6, "kg": 1000, "t": 1e6},
    "concentration": {"ug/m3": 1, "mg/m3": 1000},
    "voltage": {"V": 1, "mV": 1e-3, "kV": 1000},
    "current": {"A": 1, "mA": 1e-3},
    "frequency": {"Hz": 1, "kHz": 1000},
    "conductivity": {"S/m": 1, "mS/cm": 0.1, "uS/cm": 1e-4},
    "illuminance": {"lx": 1},
    "angle": {"deg": 1, "rad": 57.29577951308232},
}
_KELVINS = {"K": (1.0, 0.0), "Cel": (1.0, 273.15), "[degF]": (5 / 9, 459.67 * 5 / 9)}  # kelvins = value * a + b
_RECOMMENDATION_20 = {
    "JOU": "J", "KJO": "kJ", "WHR": "W.h", "KWH": "kW.h", "MWH": "MW.h", "GWH": "GW.h", "WTT": "W", "KWT": "kW",
    "MAW": "MW", "LTR": "L", "MLT": "mL", "DMQ": "dm3", "MTQ": "m3", "MQS": "m3/s", "MQH": "m3/h", "G51": "L/s",
    "L2": "L/min", "E32": "L/h", "MTR": "m", "MMT": "mm", "CMT": "cm", "KMT": "km", "MTS": "m/s",
    "KMH": "km/h", "C62": "1",
    "P1": "%", "PAL": "Pa", "A97": "hPa", "KPA": "kPa", "MBR": "mbar", "BAR": "bar", "SEC": "s", "C26": "ms",
    "MIN": "min", "HUR": "h", "DAY": "d", "GRM": "g", "MGM": "mg", "KGM": "kg", "TNE": "t", "GQ": "ug/m3",
    "GP": "mg/m3", "VLT": "V", "2Z": "mV", "KVT": "kV", "AMP": "A", "4K": "mA", "HTZ": "Hz", "KHZ": "kHz",
    "LUX": "lx", "DD": "deg", "CEL": "Cel", "KEL": "K", "FAH": "[degF]", "D46": "V.A", "KVA": "kV.A", "D10": "S/m",
}  # fmt: skip
_EVERYDAY = {
    "Wh": "W.h", "kWh": "kW.h", "MWh": "MW.h", "GWh": "GW.h", "VA": "V.A", "kVA": "kV.A", "l": "L", "m³": "m3",
    "m³/h": "m3/h", "l/s": "L/s", "°C": "Cel", "µg/m3": "ug/m3", "µg/m³": "ug/m3", "mg/m³": "mg/m3",
}  # fmt: skip
NOTATIONS: Mapping[str, str] = MappingProxyType(_RECOMMENDATION_20 | _EVERYDAY)


def recommendation_20(unit: str) -> str | None:
    """The code of UN/ECE Recommendation 20 of a UCUM unit; None if it is not in the table."""
    return next((code for code, ucum in _RECOMMENDATION_20.items() if ucum == unit), None)


def conversion(given: str, wanted: str) -> Conversion | None:
    """How a value in `given` (any notation) becomes one in `wanted` (UCUM); None if nobody can tell."""
    unit = NOTATIONS.get(given, given)
    if unit == wanted:
        return Conversion(1.0)
    if unit in _KELVINS and wanted in _KELVINS:
        (a, b), (c, d) = _KELVINS[unit], _KELVINS[wanted]
        return Conversion(a / c, (b - d) / c)
    for units in _DIMENSIONS.values():
        if unit in units and wanted in units:
            return Conversion(units[unit] / units[wanted])
    return None
