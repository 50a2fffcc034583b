"""What is known of a word, one bit each; a word may be several things."""

from __future__ import annotations

FUNCTION = 1  # grammar, courtesy, months: never a name by itself
ORDINARY = 2  # in the dictionary
FIRST = 4  # a first name that is no ordinary word
FIRST_WORD = 8  # a first name that is also an ordinary word: Rose, Pierre
FAMILY = 16  # a family name
FAMILY_COMMON = 32  # a frequent one
COMMUNE = 64
RARE_FIRST = 128  # a first name that few bear
FREQUENT_FIRST = 256  # so frequent that a capital is enough, even at the beginning of a sentence
BRAND = 512  # companies, brands, associations: not people
NOT_NAME = 1024  # capitals that are no one's, though a gazetteer lists them
OFFICE = 2048  # « Monsieur le Maire »
TITLE_WORD = 4096
ROLE = 8192
OPENER = 16384  # begins a phrase that introduces a name
PARTICLE = 32768  # inside a name: de, van, El
PLACE_WORD = 65536  # begins the name of a place
PLACE_PART = 131072  # has a hyphen, and begins like the name of a place
PET = 262144  # an animal that people give a name to
