"""Words beside which a name stands: titles, roles, and the turns of phrase by which people name themselves or others."""

from __future__ import annotations

import re

# Before a name whatever it is.
TITLES = frozenset(
    "monsieur madame mademoiselle messieurs mesdames mr mrs mme mmes mlle melle dr docteur maitre famille m mm me mle".split()
)
# Before a name that looks like one.
ROLES = frozenset(
    "voisin voisine voisins fils fille mari femme epouse epoux frere soeur mere pere maman papa cousin cousine oncle tante neveu niece ami amie "
    "copain copine compagnon compagne conjoint conjointe concubin gardien gardienne concierge agent agente collegue chef technicien technicienne "
    "chauffeur chauffeuse conducteur animateur animatrice instituteur institutrice maitresse directeur directrice eleve locataire proprietaire "
    "proprio bailleur plombier medecin infirmier infirmiere kine dentiste assistante avocat avocate notaire conseiller conseillere elu elue adjoint adjointe president "
    "presidente coordinateur coordinatrice responsable referent referente stagiaire usager usagere administre administree habitant habitante "
    "plaignant plaignante riverain riveraine petit-fils petite-fille beau-pere belle-mere beau-frere belle-soeur mamie papi papy grand-mere grand-pere "
    "nourrice nounou atsem professeur prof facteur factrice livreur commercant commercante boulanger boulangere nom prenom prenoms patronyme "
    "interlocuteur interlocutrice demandeur demandeuse appelant appelante temoin victime titulaire beneficiaire tuteur tutrice curateur bebe "
    "contact signataire auteur soussigne soussignee nommee nomme prenomme prenommee denomme surnomme appele appelee dit dite jeune petit petite vieux pepe "
    "sœur belle-sœur demi-sœur demi-frere assistant secretaire enfant enfants garcon gamin gamine jumeaux eboueur jardinier policier brigadier gendarme major adjudant".split()
)
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
OPENERS = frozenset(
    "m l s mapelle mapele mapel lapelle lapele lapel sapelle sapele sapel appelle appelles apelle apele appel appele appeler appelez appellent appelais "
    "appelait je nous ici c signe signee signature part contacter contactez rappeler rappelez demander demandez joindre prevenir prevenez voir vu vue "
    "rdv parle apres selon chez avec pour par nomme prenomme nom nommee dixit dossier attn attention transmis repondu merci dont bonjour bonsoir cher "
    "chere coucou salut slt slts hello bjr remercie cc copie nee noms prenom prenoms surnomme surnommee epouse veuve bien cordialement cordlt cdt cdlt "
    "cdmt salutations respectueusement sincerement amicalement bises bisous tres bonne dans a bav mes "
    "chien chienne chiens chat chats voiture camion maison terrain jardin haie garage musique enfant enfants gamin gamins famille fille filles fils "
    "femme mari plainte mail message visite porte poubelle poubelles bac terrasse balcon cloture velo scooter moto parent parents mere pere".split()
)
# What follows is a name, whatever it looks like.
LABEL = re.compile(
    r"(?<![\w])(?:(?:nom|prenom)s?(?:\sde\s(?:famille|naissance|jeune\sfille|l'enfant|usage))?(?:\set\s(?:nom|prenom))?\s?(?::|=|est)|"
    r"nee(?=\s(?!le|a|en|au|du\d)[a-z])|surnomm\w+|epouse(?=\s[a-z]+)|veuve)\s{0,2}[«\"“]?\s?"
)
# An animal's name is nobody's.
PET = re.compile(r"(?:chien(?:ne)?|chat(?:te|on)?|lapin|cheval|poney|chiot|perroquet|animal|rue|ecole|place)\s(?:qui\s)?(?:se\s)?$")
PET_NAME = re.compile(
    r"(?<![\w])(?:chien(?:ne)?|chat(?:te|on)?|lapin|cheval|poney|chiot|perroquet)\s(?:qui\s)?(?:s'appelle|nommee?|appelee?|repond\sau\snom\sde|du\snom\sde|:)"
    r"\s[«\"“]?\s?([a-z\-]+)"
)
OFFICES = frozenset(
    "maire maires prefet prefete ministre presidente president directeur directrice adjoint adjointe conseiller conseillere juge procureur elu elue "
    "depute deputee senateur senatrice proviseur principal commissaire".split()
)
# « habitante de la Doutre »: what follows is where.
PLACED_ROLES = frozenset(
    "habitant habitante riverain riveraine usager usagere directeur directrice president presidente responsable chef gardien gardienne conseiller "
    "conseillere secretaire adjoint adjointe agent agente locataire proprietaire bailleur".split()
)
NAME_PARTICLES = frozenset("de du des d la le les da do dos das di del della el al ben bel bin ibn ould ait von van der den ter st saint mac abou abu bint".split())
CLOSING = re.compile(
    r"(?<![\w])(?:(?:bien\s)?cordialement|cordlt|cdt|cdlt|cdmt|salutations(?:\s\w+){0,2}|bien\sa\s(?:vous|toi)|respectueusement|sincerement|amicalement|"
    r"bises|bisous|slts?|(?:tres\s)?bonne\s(?:journee|soiree|reception|continuation|fin\sde\s\w+)(?:\s(?:a\s(?:vous|tous|toutes)))?|dans\sl'attente[^.,;\n]{0,60}|"
    r"merci(?:\s(?:d'avance|beaucoup|bien|a\svous|par\savance|de\svotre\s\w+|pour\stout))?|a\sbientot|bonjour\s[aà]\svous|bav|mes\shommages|signe)[\s,.;:!\-–—]{1,6}"
)
