"""A feed of video protection that could bring in a picture, a plate, a face or a track does not load."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import WeakContractError, load_contract, load_strategy, load_territory
from policies.errors import Finding

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"
STRATEGY = load_strategy(SHIPPED / "strategy.yaml")
COLUMN = "      - name: {name}\n        physicalName: {physical}\n        logicalType: {kind}\n{rest}"
BOUNDED = "        logicalTypeOptions: {maxLength: 12}\n"


def written(tmp_path: Path, *changes: tuple[str, str], dataset: str = "video-protection") -> Path:
    text = (SHIPPED / "contracts" / f"{dataset}.odcs.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    target = tmp_path / f"{dataset}.odcs.yaml"
    target.write_text(text, encoding="utf-8")
    return target


def with_column(physical: str, name: str = "valeur", kind: str = "string", rest: str = BOUNDED) -> tuple[str, str]:
    return "    properties:\n", "    properties:\n" + COLUMN.format(name=name, physical=physical, kind=kind, rest=rest)


def refused(path: Path) -> tuple[Finding, ...]:
    with pytest.raises(WeakContractError) as caught:
        load_contract(path, STRATEGY)
    return caught.value.findings


def test_counts_load() -> None:
    contract = load_contract(SHIPPED / "contracts" / "video-protection.odcs.yaml", STRATEGY)
    assert {column.privacy.category.value for column in contract.columns} == {"none"}
    assert contract.landing_retention.days <= 30


@pytest.mark.parametrize(
    "physical",
    ["image", "imageUrl", "detail.plaque", "licensePlate", "n_immatriculation", "visages", "face", "imagerie",
     "gabarit_biometrique", "trackId", "Trajet", "thumbnail", "snapshot_b", "VIDEO", "photoBase64"],
)  # fmt: skip
def test_a_column_named_after_a_picture_a_plate_a_face_or_a_track(tmp_path: Path, physical: str) -> None:
    (finding,) = refused(written(tmp_path, with_column(physical)))
    assert finding.rule == "counts-only"
    assert finding.sentence == (
        "vidéoprotection : des comptages seulement ; « valeur » désigne une image, une plaque, un visage ou un trajet"
    )
    assert finding.line == 1 + written(tmp_path, with_column(physical)).read_text("utf-8").splitlines().index(
        "      - name: valeur"
    )


@pytest.mark.parametrize("physical", ["plateforme", "interface", "surface", "tracteurs", "facettes"])
def test_words_that_only_begin_like_one(tmp_path: Path, physical: str) -> None:
    path = written(tmp_path, with_column(physical))
    assert load_contract(path, STRATEGY).column("valeur").physical_name == physical


def test_a_plate_under_another_name_is_refused_even_as_a_pseudonym(tmp_path: Path) -> None:
    how = "category: direct_identifier, technique: pseudonymize, domain: video-protection, canonical: plate"
    column = with_column(
        "numero", rest=f"{BOUNDED}        customProperties: [{{property: privacy, value: {{{how}}}}}]\n"
    )
    unit = "  - {property: protectionUnit, value: {kind: person, column: valeur}}\n  - {property: period,"
    counted = "          kind: aggregate\n          minimumUnits: 10\n          dominance: 0.5\n"
    changes = (
        column,
        ("      code: none\n", "      code: A6-1-e\n"),
        ("  - {property: period,", unit),
        ("          kind: aggregate\n", counted),
    )
    (finding,) = refused(written(tmp_path, *changes))
    assert finding.sentence.endswith("« valeur » concerne des personnes")


def test_a_text_in_which_a_picture_would_fit(tmp_path: Path) -> None:
    free = refused(written(tmp_path, with_column("remarque", rest="")))
    long = refused(written(tmp_path, with_column("remarque", rest="        logicalTypeOptions: {maxLength: 5000}\n")))
    patterned = refused(
        written(tmp_path, with_column("remarque", rest='        logicalTypeOptions: {pattern: ".*"}\n'))
    )
    assert {finding.rule for finding in (*free, *long, *patterned)} == {"counts-only"}
    assert all("texte sans bornes" in finding.sentence for finding in (*free, *long, *patterned))


def test_a_text_that_may_hold_plates(tmp_path: Path) -> None:
    assert (
        "autre chose que le nom d'un lieu"
        in refused(written(tmp_path, ("mayHold: [ADRESSE, LIEU, NOM]", "mayHold: [PLAQUE]")))[0].sentence
    )


def test_raw_deliveries_are_kept_a_month_at_most(tmp_path: Path) -> None:
    path = written(tmp_path, ("value: 7, unit: d, element: landing", "value: 31, unit: d, element: landing"))
    assert {finding.rule for finding in refused(path)} == {"weak-retention", "counts-only"}


def test_files_and_bodies_of_pictures(tmp_path: Path) -> None:
    text = written(tmp_path).read_text(encoding="utf-8")
    start, end = text.index("        collections:\n"), text.index("        records: comptages\n  - ")
    for connector, options in (
        ("file_drop", '        pattern: "camera/*.jpg"\n'),
        ("http_push", "        paths: [comptages]\n        mediaTypes: [image/jpeg]\n"),
    ):
        path = tmp_path / "video-protection.odcs.yaml"
        changed = text[:start] + options + text[end:]
        path.write_text(changed.replace("connector: http_pull", f"connector: {connector}"), encoding="utf-8")
        (finding,) = refused(path)
        assert "images ou des enregistrements" in finding.sentence


@pytest.mark.parametrize(
    "change",
    [
        ("name: Comptages routiers au quart d'heure", "name: Comptages par caméra"),
        ("tags: [trafic,", "tags: [vidéo-verbalisation,"),
        ("operator: regulation-du-trafic", "operator: videoprotection"),
        ("domain: mobilite", "domain: securite"),
    ],
)
def test_such_a_feed_can_not_hide_under_another_theme(tmp_path: Path, change: tuple[str, str]) -> None:
    text = (SHIPPED / "contracts" / "traffic-flow.odcs.yaml").read_text(encoding="utf-8")
    change = (change[0] if change[0] in text else change[0].replace("name: ", 'name: "'), change[1])
    if change[0].startswith('name: "'):
        change = (f'{change[0]}"', change[1])
    path = written(tmp_path, with_column("plateNumber"), change, dataset="traffic-flow")
    assert any("plaque" in finding.sentence for finding in refused(path))


def test_a_plate_elsewhere_is_not_this_rule_s_business(tmp_path: Path) -> None:
    path = written(tmp_path, with_column("plateNumber"), dataset="traffic-flow")
    assert load_contract(path, STRATEGY).column("valeur")


def test_only_the_refused_contract_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    for file in SHIPPED.glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for name in ("parking", "video-protection"):
        (tmp_path / "contracts" / f"{name}.odcs.yaml").write_bytes(
            (SHIPPED / "contracts" / f"{name}.odcs.yaml").read_bytes()
        )
    spoilt = written(tmp_path, with_column("image"))
    spoilt.rename(tmp_path / "contracts" / "video-protection.odcs.yaml")
    left_out: list[str] = []
    territory = load_territory(tmp_path, refused=lambda file, error: left_out.append(file.name))
    assert (set(territory.contracts), left_out) == ({"parking"}, ["video-protection.odcs.yaml"])
