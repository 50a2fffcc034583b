"""Which hit stays where several cover the same signs."""

from __future__ import annotations

from anonymization.text.hit import Hit
from anonymization.text.kinds import IN_WORDS, KINDS, PRESIDIO
from anonymization.text.overlaps import RANKS, resolve
from policies import personal_data


def _hit(kind: str, start: int, end: int, score: float) -> Hit:
    return Hit(kind, start, end, score, "test", "")


def test_the_surer_then_the_longer_then_the_rank() -> None:
    assert resolve([_hit("SIRET", 0, 14, 0.85), _hit("CARTE", 0, 14, 0.8)]) == [_hit("SIRET", 0, 14, 0.85)]
    assert resolve([_hit("NIR", 0, 13, 0.5), _hit("FISCAL", 0, 15, 0.5)]) == [_hit("FISCAL", 0, 15, 0.5)]
    assert resolve([_hit("PCE", 0, 14, 0.4), _hit("PRM", 0, 14, 0.4)]) == [_hit("PRM", 0, 14, 0.4)]


def test_ten_digits_of_a_longer_number_are_no_telephone() -> None:
    assert resolve([_hit("TELEPHONE", 5, 15, 0.93), _hit("NIR", 0, 15, 0.5)]) == [_hit("NIR", 0, 15, 0.5)]


def test_what_does_not_overlap_stays_in_the_order_of_the_text() -> None:
    assert resolve([_hit("NOM", 10, 15, 0.5), _hit("NOM", 0, 5, 0.9)]) == [
        _hit("NOM", 0, 5, 0.9),
        _hit("NOM", 10, 15, 0.5),
    ]


def test_every_kind_has_a_rank_words_a_presidio_name_and_may_stand_in_a_contract() -> None:
    assert set(KINDS) == set(RANKS) == set(IN_WORDS) == set(personal_data.KINDS)
    assert len(set(PRESIDIO.values())) == len(KINDS)
