from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies.contract import Column
from sources import PayloadError
from sources.decoders import datex2
from tests.unit.sources.support import codes, made, read

FLOW = made(
    "datex2",
    Column("site", "measurementSiteReference.@id", "string", primary_key=True),
    Column("numero", "@index", "integer"),
    Column("genre", "basicData.@type", "string"),
    Column("debit", "vehicleFlow.vehicleFlowRate", "number"),
    Column("vitesse", "averageVehicleSpeed.speed", "number"),
    Column("publie", "publicationTime", "timestamp"),
    Column("mesure", "measurementTimeDefault", "timestamp"),
)
SITE_2 = """
<siteMeasurements>
  <measurementSiteReference id="49007-{n}" version="1" targetClass="MeasurementSiteRecord"/>
  <measurementTimeDefault>2026-10-05T10:00:00+02:00</measurementTimeDefault>
  <measuredValue index="1"><measuredValue><basicData xsi:type="TrafficFlow"><vehicleFlow numberOfInputValuesUsed="6">
    <vehicleFlowRate>{flow}</vehicleFlowRate></vehicleFlow></basicData></measuredValue></measuredValue>
  <measuredValue index="2"><measuredValue><basicData xsi:type="TrafficSpeed"><averageVehicleSpeed>
    <speed>52.5</speed></averageVehicleSpeed></basicData></measuredValue></measuredValue>
</siteMeasurements>"""
HEAD_2 = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made for a test --><d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" modelBaseVersion="2"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><exchange/><payloadPublication
 xsi:type="MeasuredDataPublication" lang="fr"><publicationTime>2026-10-05T10:01:00+02:00</publicationTime>"""
TAIL_2 = "</payloadPublication></d2LogicalModel>"
VERSION_3 = """<?xml version="1.0"?>
<mc:messageContainer xmlns:mc="http://datex2.eu/schema/3/messageContainer"
 xmlns:roa="http://datex2.eu/schema/3/roadTrafficData" xmlns:com="http://datex2.eu/schema/3/common"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><mc:payload xsi:type="roa:MeasuredDataPublication">
<com:publicationTime>2026-10-05T10:01:00+02:00</com:publicationTime>
<roa:siteMeasurements><roa:measurementSiteReference id="49007-1" version="1" targetClass="roa:MeasurementSite"/>
<roa:measurementTimeDefault><com:timeValue>2026-10-05T10:00:00+02:00</com:timeValue></roa:measurementTimeDefault>
<roa:physicalQuantity index="1"><roa:basicData xsi:type="roa:TrafficFlow"><roa:vehicleFlow>
<roa:vehicleFlowRate>120</roa:vehicleFlowRate></roa:vehicleFlow></roa:basicData></roa:physicalQuantity>
</roa:siteMeasurements></mc:payload></mc:messageContainer>"""
ROW = {
    "site": "49007-1", "numero": 1, "genre": "TrafficFlow", "debit": 120.0, "vitesse": None,
    "publie": datetime(2026, 10, 5, 8, 1, tzinfo=UTC), "mesure": datetime(2026, 10, 5, 8, tzinfo=UTC),
}  # fmt: skip


def version_2(*flows: object) -> str:
    return HEAD_2 + "".join(SITE_2.format(n=n + 1, flow=flow) for n, flow in enumerate(flows)) + TAIL_2


def test_both_versions_give_the_same_row() -> None:
    table, rejects, _ = read(FLOW, version_2(120))
    assert table.to_pylist()[0] == ROW
    assert table.to_pylist()[1] == ROW | {"numero": 2, "genre": "TrafficSpeed", "debit": None, "vitesse": 52.5}
    assert rejects == []
    assert read(FLOW, VERSION_3)[0].to_pylist() == [ROW]


def test_positions_count_measurements_over_sites_and_parts() -> None:
    table, rejects, positions = read(FLOW, version_2(1, "beaucoup"), version_2(3))
    assert table["site"].to_pylist() == ["49007-1"] * 2 + ["49007-2"] + ["49007-1"] * 2
    assert codes(rejects) == [(2, "badNumber", "vehicleFlow.vehicleFlowRate")]
    assert positions == [0, 1, 3, 4, 5]


def test_situations() -> None:
    situations = made(
        "datex2",
        Column("situation", "situation.@id", "string"),
        Column("fiche", "situationRecord.@id", "string"),
        Column("genre", "situationRecord.@type", "string"),
        Column("gravite", "severity", "string"),
        Column("longitude", "pointCoordinates.longitude", "number"),
        Column("texte", "comment", "string"),
        Column("debut", "overallStartTime", "timestamp"),
        publication="situation",
    )
    record = """<situationRecord xsi:type="RoadOrCarriagewayOrLaneManagement" id="R{n}" version="1">
      <severity>high</severity><validity><validityTimeSpecification><overallStartTime>2026-10-05T06:00:00Z
      </overallStartTime></validityTimeSpecification></validity>
      <generalPublicComment><comment><values><value lang="fr">x</value></values></comment></generalPublicComment>
      <groupOfLocations><pointByCoordinates><pointCoordinates><latitude>47.4</latitude><longitude>-0.5</longitude>
      </pointCoordinates></pointByCoordinates></groupOfLocations></situationRecord>"""
    body = f'<situation id="S1" version="1">{record.format(n=1)}{record.format(n=2)}</situation>'
    table, rejects, _ = read(situations, HEAD_2 + body + TAIL_2)
    assert table["fiche"].to_pylist() == ["R1", "R2"]
    assert table.to_pylist()[0] | {"texte": None} == {
        "situation": "S1", "fiche": "R1", "genre": "RoadOrCarriagewayOrLaneManagement", "gravite": "high",
        "longitude": -0.5, "texte": None, "debut": datetime(2026, 10, 5, 6, tzinfo=UTC),
    }  # fmt: skip
    assert rejects == []


LAUGHS = "<!DOCTYPE d [" + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12)
) + "]><d>&l11;</d>"  # fmt: skip
QUADRATIC = f'<!DOCTYPE d [<!ENTITY a "{"a" * 50_000}">]><d>{"&a;" * 50_000}</d>'
OUTSIDE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><d>&x;</d>'
PARAMETER = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><d/>'


@pytest.mark.parametrize(
    "payload",
    [
        LAUGHS,
        QUADRATIC,
        OUTSIDE,
        PARAMETER,
        "<!DOCTYPE d SYSTEM 'http://127.0.0.1:9/x.dtd'><d/>",
        "\ufeff<!doctype d><d/>",
        "<?xml version='1.0'?>\n<!-- <d> --><!DOCTYPE d [<!ELEMENT d ANY>]><d/>",
    ],
    ids=["laughs", "quadratic", "file", "parameter", "dtd", "small", "comment"],
)
def test_a_document_type_is_refused_before_anything_is_read(payload: str) -> None:
    with pytest.raises(PayloadError, match="part-0: a document type declaration is not accepted"):
        read(FLOW, payload)


def test_a_document_type_far_behind_the_prolog_s_beginning_is_refused() -> None:
    late = f"<!--{'x' * 300_000}-->{LAUGHS}"
    with pytest.raises(PayloadError, match=r"document type declaration|not well-formed"):
        read(FLOW, late)


@pytest.mark.parametrize(
    "payload",
    [
        LAUGHS.encode("utf-16"),
        LAUGHS.encode("utf-32"),
        b"<?xml version='1.0' encoding='UTF-7'?>+ADw-d/>",
        b'<?xml version="1.0" encoding="ebcdic-cp-us"?><d/>',
    ],
)
def test_encodings_in_which_one_could_hide_are_refused(payload: bytes) -> None:
    with pytest.raises(PayloadError, match="another encoding"):
        read(FLOW, payload)


def test_a_latin_encoding_is_read() -> None:
    text = version_2(120).replace("UTF-8", "ISO-8859-1").replace("49007-1", "Été").encode("latin-1")
    assert read(FLOW, text)[0]["site"].to_pylist() == ["Été"] * 2


@pytest.mark.parametrize(
    "payload",
    ["", "<d2LogicalModel>", "<a><b></a>", "not xml", "<a>&undeclared;</a>", "<a>" * 10_000, "<aaaa>\x00</aaaa>"],
)
def test_what_is_not_well_formed_is_refused(payload: str) -> None:
    with pytest.raises(PayloadError, match=r"^stationnement-angers, parking, part-0: not well-formed XML, line "):
        read(FLOW, payload)


def test_elements_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datex2, "OPEN_BYTES", 1_000_000)
    with pytest.raises(PayloadError, match="without « siteMeasurements »"):
        read(FLOW, HEAD_2 + "<junk/>" * 200_000 + TAIL_2)
    assert read(FLOW, version_2(*range(3_000)))[0].num_rows == 6_000
