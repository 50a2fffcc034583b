"""Addresses and identifiers of machines: IP (RFC 791, RFC 4291), MAC (IEEE 802), IMEI (3GPP TS 23.003, Luhn), UUID (RFC 9562)."""

from __future__ import annotations

import ipaddress
import re

from anonymization.text import checks
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, compact, words

_HEX = r"[0-9a-f]"
_DEVICE = words(
    r"imei", r"appareils?", r"smartphone", r"tablettes?", r"device(?:[ _-]?id)?", r"id(?:entifiant)?(?: de l'| d')?appareil",
    r"android(?:[ _-]?id)?", r"idfa", r"gaid", r"aaid", r"advertising(?: id)?", r"publicitaire", r"udid", r"serie", r"s/n", r"iphone", r"terminal",
    r"montre", r"capteur", r"gps", r"identifiant",
)  # fmt: skip


def _address(match: re.Match[str]) -> bool:
    try:
        ipaddress.ip_address(match.group())
    except ValueError:
        return False
    return True


_FOUR_BETWEEN_DOTS = re.compile(rf"\.{_HEX}{{4}}\.")
_BYTE_BETWEEN_DOTS = re.compile(r"\.\d{1,3}\.")


def _hexadecimal_dots(plain: str) -> bool:
    return _FOUR_BETWEEN_DOTS.search(plain) is not None


def _decimal_dots(plain: str) -> bool:
    return _BYTE_BETWEEN_DOTS.search(plain) is not None


def _colons(plain: str) -> bool:
    return plain.count(":") >= 3


def _six_pairs(plain: str) -> bool:
    return plain.count(":") >= 5 or plain.count("-") >= 5


def _imei(match: re.Match[str]) -> bool:
    return checks.luhn(compact(match.group())[:15])


RECOGNIZER = ShapeRecognizer(
    "machines",
    [
        Shape(
            "IP",
            re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)"),
            "adresse IPv4", 0.8, check=_address, context=words(r"ip", r"adresse ip", r"serveur", r"connexion"), digits=4, when=_decimal_dots, starts="number",
        ),
        Shape(
            "IP",
            re.compile(rf"(?<![\w:])(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{0,4}}(?![\w:])"),
            "adresse IPv6", 0.9, check=_address, digits=1, when=_colons,
        ),
        Shape(
            "MAC",
            re.compile(rf"(?<![\w:\-]){_HEX}{{2}}(?:(?::{_HEX}{{2}}){{5}}|(?:-{_HEX}{{2}}){{5}})(?![\w:\-])"),
            "adresse MAC", 0.93, when=_six_pairs,
        ),
        Shape(
            "MAC",
            re.compile(rf"(?<![\w]){_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}}(?![\w])"),
            "adresse MAC", 0.9, digits=2, starts="both", when=_hexadecimal_dots,
        ),
        Shape(
            "APPAREIL",
            re.compile(r"(?<![\w])\d{2}[\s\-]?\d{6}[\s\-]?\d{6}[\s\-]?\d(?:[\s\-/]?\d{1,2})?(?![\w])(?![\s\-]\d)"),
            "IMEI", 0.6, check=_imei, failing=0.2, context=_DEVICE, boost=0.45, digits=15, run=15, starts="number",
        ),
        Shape(
            "APPAREIL",
            re.compile(rf"(?<![\w:\-]){_HEX}{{2}}(?:[:\-]{_HEX}{{2}}){{7}}(?![\w:\-])"),
            "identifiant EUI-64", 0.9, when=_six_pairs,
        ),
        Shape(
            "APPAREIL",
            re.compile(rf"(?<![\w\-]){_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}(?![\w\-])"),
            "identifiant unique d'appareil", 0.85, when=lambda plain: plain.count("-") >= 4,
        ),
        Shape(
            "APPAREIL",
            re.compile(r"(?<![\w])(?=[a-z\-]{0,40}\d)(?:[0-9a-f]{12,40}|[a-z0-9]{2,12}(?:-[a-z0-9]{2,12}){1,5}|[a-z]{1,4}[a-z0-9]{7,16})(?![\w])"),
            "identifiant annoncé d'un appareil", 0.2, context=_DEVICE, boost=0.5, needs_context=True, digits=4, starts="both",
            marks=(
                "imei", "appareil", "smartphone", "tablette", "device", "identifiant", "android", "idfa", "gaid", "aaid", "advertising", "publicitaire",
                "udid", "serie", "s/n", "iphone", "terminal", "montre", "capteur", "gps",
            ),
        ),
    ],
)  # fmt: skip
