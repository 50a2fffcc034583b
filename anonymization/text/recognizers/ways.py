"""The words that begin the name of a place: kinds of ways, of public places and of what is inside a postal address.

Sources: AFNOR XP Z10-011 and the way types of the national address base, with the abbreviations people use.
"""

from __future__ import annotations

import re

from anonymization.text.lists import word_list

# A way: with a number it leads to a door.
WAYS = word_list("ways")
ONLY_NUMBERED = word_list("ordinary_ways")
# Homes: with a building or a flat they lead to a door.
HOMES = word_list("homes")
# Public places that often bear someone's name.
VENUES = word_list("venues")
PARTICLES = word_list("place_particles")
HONORS = word_list("honors")

HOUSE_BEFORE = re.compile(
    r"(?<![\w.,/\-])(?:(?:n\s?[°o]\.?|numero|num\.?)\s?)?(?P<number>\d{1,4}(?:\s?(?:bis|ter|quater|[a-d](?![\w'])|(?<=\d)\s[e-f](?![\w']))(?![\w]))?"
    r"(?:\s?(?:-|/|,|et|a|au|&)\s?\d{1,4}(?:\s?(?:bis|ter|quater|[a-d](?![\w']))(?![\w]))?)?)"
    r"[\s,]{0,4}(?:de\sla\s|de\sl'\s?|du\s|des\s)?$"
)
HOUSE_AFTER = re.compile(
    r"[\s,]{1,3}(?:(?<=,\s)(?=\d{1,4}(?:\s?(?:bis|ter))?(?:\s?[.;)\n]|$))|(?:au|n\s?[°o]\.?|numero|num\.?|au\s(?:n\s?[°o]\.?|numero))\s?)(?P<number>\d{1,4}(?:\s?(?:bis|ter|quater))?)"
    r"(?![\d\w]|\s?(?:h\b|m\b|km\b|metres?|%|ans?\b|jours?|euros?|€|janv|fevr|mars|avr|mai\b|juin|juil|aout|sept|oct|nov|dec))"
)
NOT_A_HOUSE = re.compile(
    r"(?<![\w])(?:lampadaires?|candelabres?|lignes?|bus|tram|poteaux?|arret|bornes?|dossier|numero de suivi|conteneur|article|page)\s?(?:n\s?[°o]\.?\s?)?$"
)

_STOREY = r"(?:\d{1,2}\s?(?:er|ere|e|eme|ieme|nd|nde|me)?|premier|deuxieme|second|troisieme|quatrieme|cinquieme|dernier)\s(?:etage|et\.?)(?:\s(?:gauche|droite|porte\s\w{1,4}|face))?"
COMPLEMENT = re.compile(
    r"[\s,;(\-]{1,4}(?:au\s)?(?:"
    r"(?:batiment|batim|bat|bt|escalier|esc|appartement|appart|appt|apt|app|porte|hall|entree|immeuble|imm|tour|bloc|logement|boite|bal|chambre|ch|lot|studio)"
    r"\.?\s?(?:n\s?[°o]\.?\s?)?(?:[a-z]?\d{1,4}[a-z]?|[a-h](?![\w'])|(?:gauche|droite)(?![\w]))|"
    rf"{_STOREY}|etage\s\d{{1,2}}|\d{{1,2}}\s?(?:er|e|eme)\s(?:droite|gauche|face|etg|et)|rdc(?:\s(?:gauche|droite))?|rez[\s\-]de[\s\-](?:chaussee|jardin)|(?:bp|cs|tsa)\s?\d{{1,6}}"
    r")(?![\w])"
)
LEADING = re.compile(
    rf"(?<![\w])(?P<what>(?:(?:(?:batiment|bat|bt|escalier|esc|appartement|appart|appt|apt|hall|entree|immeuble|imm|bloc|logement|porte)\.?\s?(?:n\s?[°o]\.?\s?)?"
    rf"(?:[a-z]?\d{{1,4}}[a-z]?|[a-h](?![\w']))|{_STOREY})[\s,\-]{{1,3}}){{1,3}})$"
)
POSTCODE = re.compile(r"[\s,;.(\-]{1,5}(?:f\s?-\s?)?(?:0[1-9]|[1-8]\d|9[0-58])\s?\d{3}(?!\d)")
CEDEX = re.compile(r"\scedex(?:\s?\d{1,2})?(?![\w])")
