"""A published file against its certificate, each kind of release; and what is found when one of them is not sound."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import VerificationError
from catalog.verification import lone_secrets, verify
from pipeline.publication.checkable import certified_files, checkable
from pipeline.publication.files import OpenFile, write_files
from policies import DatasetId
from storage import MemoryObjectStore
from tests.catalog_pages import page, territory, water
from tests.releases import a_period, sample_rows, table_of


def sealed(folder: Path, dataset: str, rows: list[dict[str, Any]]) -> tuple[Path, Path]:
    """A Parquet file of these rows, and a certificate that speaks of it."""
    contract = territory().contracts[DatasetId(dataset)]
    file, certificate = folder / "file.parquet", folder / "certificat.json"
    pq.write_table(table_of(contract, rows), file)
    body = file.read_bytes()
    said = checkable(contract, [OpenFile("parquet", "k", len(body), sha256(body).hexdigest(), len(rows), "p", False)])
    certificate.write_bytes(replace(page(water()).certificate, verification=said).to_json())
    return file, certificate


def rows_of(dataset: str) -> list[dict[str, Any]]:
    contract = territory().contracts[DatasetId(dataset)]
    return sample_rows(contract, a_period(contract))


@pytest.mark.parametrize("dataset", ["parking", "citizen-reports", "water-meters"])
def test_what_was_published_is_sound(tmp_path: Path, dataset: str) -> None:
    assert all(check.sound for check in verify(*sealed(tmp_path, dataset, rows_of(dataset))))


def test_a_cell_of_too_few(tmp_path: Path) -> None:
    rows = rows_of("water-meters")
    next(row for row in rows if row["commune"] == "Trélazé")["foyers_participants"] = 9
    with pytest.raises(VerificationError, match=r"plus petite case publiée, en unités \(9\)"):
        verify(*sealed(tmp_path, "water-meters", rows))


def test_a_figure_in_a_secret_cell(tmp_path: Path) -> None:
    rows = rows_of("water-meters")
    next(row for row in rows if row["statut"] == "secret")["consommation_moyenne_l"] = 8_000.0
    with pytest.raises(VerificationError, match=r"chiffres dans une case secrète \(1\)"):
        verify(*sealed(tmp_path, "water-meters", rows))


def test_a_secret_that_its_total_tells(tmp_path: Path) -> None:
    rows = rows_of("water-meters")
    secret = next(row for row in rows if row["statut"] == "secret")
    secret |= {
        "statut": "publié",
        "foyers_participants": 11,
        "consommation_totale_l": 1.0,
        "consommation_moyenne_l": 1.0,
    }
    with pytest.raises(VerificationError, match=r"cases secrètes que leur total révèle \(1\)"):
        verify(*sealed(tmp_path, "water-meters", rows))


def test_a_class_of_too_few(tmp_path: Path) -> None:
    rows = [row for row in rows_of("citizen-reports") if row["maille"] != "RES400m-0" or row["categorie"] != "Voirie"]
    with pytest.raises(VerificationError, match=r"plus petit groupe, en lignes \([1-4]\)"):
        verify(*sealed(tmp_path, "citizen-reports", rows))


def test_other_bytes(tmp_path: Path) -> None:
    file, certificate = sealed(tmp_path, "parking", rows_of("parking"))
    pq.write_table(pq.read_table(file), file, compression="gzip")
    with pytest.raises(VerificationError, match="empreinte"):
        verify(file, certificate)


def test_a_certificate_of_a_kind_that_is_not_known(tmp_path: Path) -> None:
    file, certificate = sealed(tmp_path, "parking", rows_of("parking"))
    said = json.loads(certificate.read_bytes())
    said["verification"]["kind"] = "other"
    certificate.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(VerificationError, match="ce certificat"):
        verify(file, certificate)


def written(folder: Path, dataset: str) -> tuple[Path, Path, Path]:
    """A Parquet file and a CSV as the journey writes them, and a certificate of both."""
    contract = territory().contracts[DatasetId(dataset)]
    store = MemoryObjectStore()
    files = write_files(store, contract, a_period(contract), "r", table_of(contract, rows_of(dataset)), newest=False)
    said = {"verification": checkable(contract, files), "files": certified_files(files)}
    for file in files:
        (folder / f"file.{file.format}").write_bytes(store.get(file.key))
    (folder / "certificat.json").write_bytes(replace(page(water()).certificate, **said).to_json())
    return folder / "file.parquet", folder / "certificat.json", folder / "file.csv"


@pytest.mark.parametrize("dataset", ["parking", "citizen-reports", "water-meters"])
def test_both_files_hold_the_same_rows(tmp_path: Path, dataset: str) -> None:
    found = {check.what: check.found for check in verify(*written(tmp_path, dataset))}
    assert found["CSV, mêmes lignes que le Parquet"] == "oui"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"420", b"421"),
        (b"Angers", b"Anjou"),
        (b"Bouchemaine,,", b"Bouchemaine,0,"),
        (b"secret\r\n", b"\r\n"),
        (b"mois", b"an"),
    ],
)
def test_a_csv_of_other_rows_is_told_even_with_its_own_digest(tmp_path: Path, old: bytes, new: bytes) -> None:
    file, certificate, csv = written(tmp_path, "water-meters")
    body = csv.read_bytes()
    assert old in body
    csv.write_bytes(body.replace(old, new, 1))
    said = json.loads(certificate.read_bytes())
    for each in said["files"]:
        if each["format"] == "csv":
            each["digest"] = sha256(csv.read_bytes()).hexdigest()
    certificate.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(VerificationError, match=r"certificat : CSV, mêmes lignes que le Parquet \(non\)$"):
        verify(file, certificate, csv)


def test_a_csv_of_another_release(tmp_path: Path) -> None:
    file, certificate, csv = written(tmp_path, "water-meters")
    csv.write_bytes(csv.read_bytes().replace(b"\r\n", b"\n"))
    with pytest.raises(VerificationError, match=r"certificat : CSV, empreinte \(\w+…\)$"):
        verify(file, certificate, csv)


def test_a_table_that_lacks_a_column(tmp_path: Path) -> None:
    file, certificate = sealed(tmp_path, "water-meters", rows_of("water-meters"))
    table: pa.Table = pq.read_table(file).drop_columns(["foyers_participants"])
    pq.write_table(table, file)
    with pytest.raises(VerificationError):
        verify(file, certificate)


@pytest.mark.parametrize(
    ("secret", "alone"),
    [
        ({("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}, 0),  # two in each row and each column
        ({("a", "x"), ("a", "y")}, 2),  # two in a row, and each alone in its column
        ({("a", "x")}, 2),
        ({("T", "T")}, 2),  # a total alone among its sums
        (set(), 0),
    ],
)
def test_sums_over_two_dimensions(secret: set[tuple[str, str]], alone: int) -> None:
    cells = [(one, other) for one in ("T", "a", "b") for other in ("T", "x", "y")]
    rows = [{"p": one, "q": other, "s": "secret" if (one, other) in secret else "V"} for one, other in cells]
    said = {"status": ["s", "V"], "dimensions": [[["p"], "T"], [["q"], "T"]], "apart": []}
    assert lone_secrets(rows, said) == alone
