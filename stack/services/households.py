"""The simulated residents' consents, as their signed forms would have brought them: no process, one import a contract.

Names of people never meet the ledger: custody turns what identifies them in the feed into pseudonyms of the domain
« consent », and only those are recorded. Done once for each purpose; afterwards the ledger lives its own life.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from anonymization.pseudonyms import CONSENT_DOMAIN, CustodyClient, CustodyError, canonicalize
from consent import ConsentError, ConsentStore, ConsentTerms, Party, PiiInformation, given_events
from policies import load_territory
from policies.contract import Contract, Coverage, PrivacyCategory
from stack.errors import PrepareError
from stack.service import Service, StackContext
from storage.database import database_engine

SIGNED_BEFORE = timedelta(days=400)  # long enough ago to cover every reading that the operators deliver
VALIDITY = timedelta(days=3 * 365)
AGENT = "campagne-consentements"


def prepare(context: StackContext) -> None:
    """Record the consents of each contract that needs some, unless the ledger has some for its purpose already."""
    engine = database_engine(context.settings.hub_database_url())
    try:
        store, now = ConsentStore(engine), datetime.now(UTC)
        for contract, coverage, signed in _covered(context):
            if len(store.active_subjects(coverage.purpose, now)) == 0:
                _record(context, store, contract, coverage.purpose, signed, now)
    finally:
        engine.dispose()


def services(context: StackContext) -> list[Service]:
    """Describe no process."""
    return []


def _covered(context: StackContext) -> Iterator[tuple[Contract, Coverage, pa.Array]]:
    """The contracts whose rows need consent and whose feed is simulated, each with the identifiers of those who signed.

    Identifiers are brought to one form, as the feed's own are before pseudonyms.
    """
    from stack.operators.canaries import Canaries
    from stack.operators.registry import offering
    from stack.operators.world import Size

    options = context.operators
    territory = load_territory(context.territory, refused=lambda file, error: None)
    size = Size.of(options.rows, options.households, options.reports, options.scale)
    canaries = Canaries.read(options.canaries) if options.canaries else None
    for dataset, consenting in offering("consenting").items():
        contract = next((one for one in territory.contracts.values() if one.id == dataset), None)
        shown = options.every or dataset in territory.demonstrated
        if shown and contract is not None and contract.coverage is not None:
            form = contract.column(contract.coverage.column).privacy.canonical
            yield contract, contract.coverage, canonicalize(form, consenting(size, options.seed, canaries))


def _record(
    context: StackContext, store: ConsentStore, contract: Contract, purpose: str, signed: pa.Array, now: datetime
) -> None:
    client = CustodyClient(
        context.settings.custody_url,
        context.settings.secret("custody-client-consent"),
        tls=context.settings.custody_tls(),
    )
    run_id = f"{AGENT}-{contract.id}-{now:%Y%m%d%H%M%S}"
    try:
        token = client.create_run(run_id, str(contract.id), domains=[CONSENT_DOMAIN], quota=len(signed))
        subjects = pa.concat_arrays(list(client.with_token(token).pseudonymize(CONSENT_DOMAIN, [signed])))
        terms = _terms(contract, purpose)
        store.register_terms(terms)
        store.append_many(
            given_events(
                subjects.drop_null(),
                terms=terms,
                purpose=purpose,
                event_time=now - SIGNED_BEFORE,
                validity_duration=VALIDITY,
                entity_id=AGENT,
            )
        )
    except (CustodyError, ConsentError) as error:
        raise PrepareError(f"les consentements simulés ne s'enregistrent pas : {error}") from None


def _terms(contract: Contract, purpose: str) -> ConsentTerms:
    """Return what the forms said, from the contract."""
    controller = Party("Angers Loire Métropole", "controller", "donnees-personnelles@angersloiremetropole.fr")
    personal = [column for column in contract.columns if column.privacy.category is not PrivacyCategory.NONE]
    return ConsentTerms(
        privacy_notice=f"notice-{contract.id}-v1",
        language="fr",
        purposes=(purpose,),
        lawful_basis="eu-gdpr:A6-1-a",
        pii_information=tuple(PiiInformation(column.description, column.name) for column in personal),
        pii_controllers=(controller,),
        collection_method="formulaire papier, saisi par un agent",
        processing_method=f"pseudonymisation à l'entrée, anonymisation avant publication : {contract.title}",
        storage_locations=("FR",),
        retention_period="P3Y",
        processing_locations=("FR",),
        jurisdiction="FR",
        recipient_third_parties=(),
        withdrawal_method="en mairie, par courrier ou en ligne, à tout moment",
        privacy_rights="accès, rectification, effacement, limitation, portabilité",
    )
