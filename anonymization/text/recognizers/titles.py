"""Words beside which a name stands: titles, roles, and the turns of phrase by which people name themselves or others."""

from __future__ import annotations

import re

from anonymization.text.lists import word_list

# Before a name whatever it is.
TITLES = word_list("titles")
# Before a name that looks like one.
ROLES = word_list("roles")
# The name comes right after (with « : » or « est » between).
SLOT = re.compile(
    r"(?<![\w])(?:(?:[mls]['\s]?\s?)?ap+el+(?:e|es|ent|ais|ait|er|ez)?|je\sme\snomme|nous\ssommes|je\ssuis|ici|c'est|signee?|signature|part\sd(?:e|'|u)|"
    r"contacter|contactez|rappeler|rappelez|demander|demandez|joindre|prevenir|prevenez|voir\savec|vu\savec|vue?|voir|rdv\savec|parle\sa|"
    r"apres|selon|chez|avec|pour|par|nomme|prenomme|nom\sd(?:e|u|')|nommee?|dixit|"
    r"dossier|attn|attention\sd(?:e|u|')|transmis\s[aà]|repondu\s[aà]|merci\s[aà]|dont|bonjour|bonsoir|cher|chere|coucou|salut|slt|hello|bjr|merci|remercie|cc|copie)"
    r"(?:\s?:|\sest|\sc'est)?[\s:]{1,3}[«\"“(]?\s?"
)
# « le chien de … », « la voiture d'… »
OWNED = re.compile(
    r"(?<![\w])(?:chien(?:ne|s)?|chats?|voiture|camion|maison|terrain|jardin|haie|garage|musique|enfants?|gamins?|famille|fille|fils|femme|mari|"
    r"dossier|part|plainte|appel|mail|message|visite|porte|poubelles?|bac|terrasse|balcon|cloture|velo|scooter|moto|parents?|mere|pere)\sd(?:e\s|')"
)
# The first words of all these phrases: nothing is looked for where none begins.
OPENERS = word_list("openers")
# What follows is a name, whatever it looks like.
LABEL = re.compile(
    r"(?<![\w])(?:(?:nom|prenom)s?(?:\sde\s(?:famille|naissance|jeune\sfille|l'enfant|usage))?(?:\set\s(?:nom|prenom))?\s?(?::|=|est)|"
    r"nee(?=\s(?!le|a|en|au|du\d)[a-z])|surnomm\w+|epouse(?=\s[a-z]+)|veuve)\s{0,2}[«\"“]?\s?"
)
# An animal's name is nobody's.
PET = re.compile(
    r"(?:chien(?:ne)?|chat(?:te|on)?|lapin|cheval|poney|chiot|perroquet|animal|rue|ecole|place)\s(?:qui\s)?(?:se\s)?$"
)
PETS = frozenset({"chien", "chienne", "chat", "chatte", "chaton", "lapin", "cheval", "poney", "chiot", "perroquet"})
PET_NAME = re.compile(
    r"(?<![\w])(?:chien(?:ne)?|chat(?:te|on)?|lapin|cheval|poney|chiot|perroquet)\s(?:qui\s)?(?:s'appelle|nommee?|appelee?|repond\sau\snom\sde|du\snom\sde|:)"
    r"\s[«\"“]?\s?([a-z\-]+)"
)
OFFICES = word_list("offices")
# « habitante de la Doutre »: what follows is where.
PLACED_ROLES = word_list("placed_roles")
NAME_PARTICLES = word_list("name_particles")
CLOSING = re.compile(
    r"(?<![\w])(?:(?:bien\s)?cordialement|cordlt|cdt|cdlt|cdmt|salutations(?:\s\w+){0,2}|bien\sa\s(?:vous|toi)|respectueusement|sincerement|amicalement|"
    r"bises|bisous|slts?|(?:tres\s)?bonne\s(?:journee|soiree|reception|continuation|fin\sde\s\w+)(?:\s(?:a\s(?:vous|tous|toutes)))?|dans\sl'attente[^.,;\n]{0,60}|"
    r"merci(?:\s(?:d'avance|beaucoup|bien|a\svous|par\savance|de\svotre\s\w+|pour\stout))?|a\sbientot|bonjour\s[aà]\svous|bav|mes\shommages|signe)[\s,.;:!\-–—]{1,6}"
)
