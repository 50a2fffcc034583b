"""What a dataset's page is told of its certificate: French sentences and figures, as one JSON object.

The catalogue draws them and knows nothing else: whatever needs the contract, the verdict or French words is decided
here. What is there is a part of the certificate that anyone may read in full beside the files.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from catalog.certificate_figures import of_period
from catalog.certificate_text import approved, counted, digests, measured

if TYPE_CHECKING:
    from catalog.certificate import Certificate


def facts(certificate: Certificate, address: str) -> str:
    """Return the facts as JSON.

    Args:
        certificate: of the newest release.
        address: of its page for people in the open bucket, ending in « .html »; its other forms stand beside it.
    """
    base = address.removesuffix(".html")
    told: dict[str, Any] = {
        "period": certificate.period,
        "of_period": of_period(certificate.period),
        "source": certificate.source,
        "purpose": certificate.purpose,
        "legal_basis": certificate.legal_basis,
        "register": "" if certificate.treatment_ref == "sans-objet" else certificate.treatment_ref,
        "promises": list(certificate.promises),
        "coverage": certificate.coverage,
        "treatments": [[each.column, each.label, each.outcome, each.removed] for each in certificate.treatments],
        "counted": counted(certificate),
        "measured": measured(certificate),
        "remarks": list(certificate.remarks),
        "approved": approved(certificate),
        "columns": [[each.name, each.label, list(each.sources), each.how] for each in certificate.columns],
        "totals": sorted({total for _, total in (certificate.verification or {}).get("dimensions", ())}),
        "digests": digests(certificate),
        "proof": certificate.ledger_proof,
        "html": address,
        "json": f"{base}.json" if address else "",
        "pdf": f"{base}.pdf" if address else "",
        "digest": sha256(certificate.to_json()).hexdigest(),
    }
    return json.dumps(told, ensure_ascii=False)
