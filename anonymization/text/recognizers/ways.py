"""The words that begin the name of a place: kinds of ways, of public places and of what is inside a postal address.

Sources: AFNOR XP Z10-011 and the way types of the national address base, with the abbreviations people use.
"""

from __future__ import annotations

import re

# A way: with a number it leads to a door.
WAYS = frozenset(
    "rue avenue boulevard place allee allees impasse chemin route quai square cours passage venelle ruelle faubourg esplanade promenade "
    "sentier sente montee mail villa cite clos lotissement hameau traverse voie parvis chaussee levee rond-point carrefour residence "
    "domaine lieu-dit cour rampe galerie port "
    "av ave bd bld blvd boul bvd pl all imp ch che chem rte sq fg fbg res lot ham r qu ld rpt".split()
)
ONLY_NUMBERED = frozenset("r ch che lot cour all pl port res av sq qu ave imp mail cours villa cite voie domaine galerie passage".split())
# Homes: with a building or a flat they lead to a door.
HOMES = frozenset("ferme manoir chateau moulin logis closerie residence res immeuble foyer hlm ehpad tour copropriete domaine clos lotissement hameau lieu-dit ld cite villa".split())
# Public places that often bear someone's name.
VENUES = frozenset(
    "ecole ecoles maternelle elementaire primaire college colleges lycee lycees stade gymnase complexe salle mediatheque bibliotheque piscine "
    "theatre creche eglise cathedrale chapelle cimetiere parc jardin jardins skatepark parking tour espace centre maison musee fontaine statue "
    "monument arret station pont passerelle tunnel quartier hopital clinique ehpad foyer campus universite fac amphi amphitheatre institut "
    "conservatoire caserne gare halle marche terrain aire boulodrome dojo patinoire cinema auditorium galerie fondation groupe scolaire imprimerie "
    "parc-relais square rond-point giratoire carrefour place bois etang lac ile port quai cale prix trophee tournoi coupe challenge "
    "boulangerie pharmacie restaurant cafe bar garage magasin hotel cabinet agence residence immeuble caveau "
    "amphi-theatre bus tram tramway ligne club association amicale".split()
)
PARTICLES = frozenset("de du des la le les l d aux au en sur sous et st ste saint sainte von van der den di da do dos del della el al ben bel ibn bin ould".split())
HONORS = frozenset(
    "docteur dr general gal marechal mal president professeur pr abbe commandant cdt capitaine colonel lieutenant amiral chanoine cardinal pere "
    "mere soeur frere saint sainte st ste eveque monseigneur mgr roi reine duc comte comtesse duchesse prince princesse empereur maitre ingenieur "
    "sergent adjudant resistants aspirant pasteur poete".split()
)

HOUSE_BEFORE = re.compile(
    r"(?<![\w.,/\-])(?:(?:n\s?[°o]\.?|numero|num\.?)\s?)?(?P<number>\d{1,4}(?:\s?(?:bis|ter|quater|[a-d](?![\w'])|(?<=\d)\s[e-f](?![\w']))(?![\w]))?"
    r"(?:\s?(?:-|/|,|et|a|au|&)\s?\d{1,4}(?:\s?(?:bis|ter|quater|[a-d](?![\w']))(?![\w]))?)?)"
    r"[\s,]{0,4}(?:de\sla\s|de\sl'\s?|du\s|des\s)?$"
)
HOUSE_AFTER = re.compile(
    r"[\s,]{1,3}(?:(?:au|n\s?[°o]\.?|numero|num\.?|au\s(?:n\s?[°o]\.?|numero))\s?)(?P<number>\d{1,4}(?:\s?(?:bis|ter|quater))?)"
    r"(?![\d\w]|\s?(?:h\b|m\b|km\b|metres?|%|ans?\b|jours?|euros?|€|janv|fevr|mars|avr|mai\b|juin|juil|aout|sept|oct|nov|dec))"
)
NOT_A_HOUSE = re.compile(r"(?<![\w])(?:lampadaires?|candelabres?|lignes?|bus|tram|poteaux?|arret|bornes?|dossier|numero de suivi|conteneur|article|page)\s?(?:n\s?[°o]\.?\s?)?$")

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
