"""The kinds of personal data that are looked for, under the words a resident would use, and Presidio's names for them.

What must not change: the French words are the tags of redacted texts, the keys of contracts and the labels of reports.
Presidio's own names are used where it has one; the others are named in its manner (country, then what it is).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PRESIDIO: Mapping[str, str] = MappingProxyType(
    {
        "NOM": "PERSON",
        "TELEPHONE": "PHONE_NUMBER",
        "COURRIEL": "EMAIL_ADDRESS",
        "ADRESSE": "FR_POSTAL_ADDRESS",
        "LIEU": "LOCATION",
        "NIR": "FR_NIR",
        "SIREN": "FR_SIREN",
        "SIRET": "FR_SIRET",
        "TVA": "FR_VAT_NUMBER",
        "FISCAL": "FR_TAX_NUMBER",
        "PASSEPORT": "FR_PASSPORT",
        "CNI": "FR_IDENTITY_CARD",
        "SEJOUR": "FR_RESIDENCE_PERMIT",
        "PERMIS": "FR_DRIVER_LICENSE",
        "PLAQUE": "FR_LICENSE_PLATE",
        "IBAN": "IBAN_CODE",
        "CARTE": "CREDIT_CARD",
        "PRM": "FR_ELECTRICITY_POINT",
        "PCE": "FR_GAS_POINT",
        "COMPTEUR": "METER_NUMBER",
        "NAISSANCE": "DATE_OF_BIRTH",
        "POSITION": "GEO_COORDINATES",
        "IP": "IP_ADDRESS",
        "MAC": "MAC_ADDRESS",
        "APPAREIL": "DEVICE_ID",
        "COMPTE": "SOCIAL_HANDLE",
        "LIEN": "URL",
        "REFERENCE": "REFERENCE_NUMBER",
        "TEXTE": "UNREAD_TEXT",
    }
)

# Said of each kind where a steward reads, with its article.
IN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "NOM": "des noms de personnes",
        "TELEPHONE": "des numéros de téléphone",
        "COURRIEL": "des adresses électroniques",
        "ADRESSE": "des adresses postales",
        "LIEU": "des noms de voies ou d'équipements",
        "NIR": "des numéros de sécurité sociale",
        "SIREN": "des numéros SIREN",
        "SIRET": "des numéros SIRET",
        "TVA": "des numéros de TVA",
        "FISCAL": "des numéros fiscaux",
        "PASSEPORT": "des numéros de passeport",
        "CNI": "des numéros de carte d'identité",
        "SEJOUR": "des numéros de titre de séjour",
        "PERMIS": "des numéros de permis de conduire",
        "PLAQUE": "des plaques d'immatriculation",
        "IBAN": "des comptes bancaires",
        "CARTE": "des numéros de carte bancaire",
        "PRM": "des points de livraison d'électricité",
        "PCE": "des points de comptage de gaz",
        "COMPTEUR": "des numéros de compteur, de badge ou de puce",
        "NAISSANCE": "des dates de naissance",
        "POSITION": "des coordonnées géographiques",
        "IP": "des adresses IP",
        "MAC": "des adresses MAC",
        "APPAREIL": "des identifiants d'appareil",
        "COMPTE": "des comptes de réseaux sociaux",
        "LIEN": "des liens vers des pages personnelles",
        "REFERENCE": "des numéros de dossier",
        "TEXTE": "des textes trop longs pour être lus",
    }
)

KINDS: tuple[str, ...] = tuple(PRESIDIO)
