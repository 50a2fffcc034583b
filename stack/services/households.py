"""The simulated households' consents, as their signed forms would have brought them: no process, one import.

Names of people never meet the ledger: custody turns contract numbers into pseudonyms of the domain « consent », and
only those are recorded. Done once; afterwards the ledger lives its own life.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from anonymization.pseudonyms import CONSENT_DOMAIN, CustodyClient, CustodyError, canonicalize
from consent import ConsentError, ConsentStore, ConsentTerms, Party, PiiInformation, given_events
from policies import load_territory
from policies.contract import Contract, DatasetId
from stack.errors import PrepareError
from stack.service import Service, StackContext
from storage.database import database_engine

SIGNED_BEFORE = timedelta(days=400)  # long enough ago to cover every reading that the operators deliver
VALIDITY = timedelta(days=3 * 365)
AGENT = "campagne-telereleve"
DATASET = "water-meters"  # the one simulated feed whose rows need consent


def prepare(context: StackContext) -> None:
    """Record the consents, unless the ledger has some for this purpose already."""
    contract = _contract(context)
    if contract is None or contract.coverage is None:
        return
    engine = database_engine(context.settings.hub_database_url())
    try:
        store, now = ConsentStore(engine), datetime.now(UTC)
        if len(store.active_subjects(contract.coverage.purpose, now)) == 0:
            _record(context, store, contract, contract.coverage.purpose, now)
    finally:
        engine.dispose()


def services(context: StackContext) -> list[Service]:
    """Describe no process."""
    return []


def _contract(context: StackContext) -> Contract | None:
    return load_territory(context.territory).contracts.get(DatasetId(DATASET))


def _record(context: StackContext, store: ConsentStore, contract: Contract, purpose: str, now: datetime) -> None:
    signed = _signed(context, contract)
    client = CustodyClient(
        context.settings.custody_url,
        context.settings.secret("custody-client-consent"),
        tls=context.settings.custody_tls(),
    )
    run_id = f"{AGENT}-{now:%Y%m%d%H%M%S}"
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


def _signed(context: StackContext, contract: Contract) -> pa.Array:
    """Return the identifiers of those who signed, as the feed's own are brought to one form before pseudonyms."""
    from stack.operators.canaries import Canaries
    from stack.operators.water import consents
    from stack.operators.world import Size

    options = context.operators
    size = Size.of(options.rows, options.households, options.reports)
    table = consents(size.households, options.seed, Canaries.read(options.canaries) if options.canaries else None)
    covered = contract.coverage.column if contract.coverage else ""
    form = next(column.privacy.canonical for column in contract.columns if column.name == covered)
    return canonicalize(form, table.filter(table["consent"])["contrat"].combine_chunks())


def _terms(contract: Contract, purpose: str) -> ConsentTerms:
    """Return what the forms said, from the contract."""
    controller = Party("Angers Loire Métropole", "controller", "donnees-personnelles@angersloiremetropole.fr")
    return ConsentTerms(
        privacy_notice=f"notice-{contract.id}-v1",
        language="fr",
        purposes=(purpose,),
        lawful_basis="eu-gdpr:A6-1-a",
        pii_information=(PiiInformation("relevé de consommation", "releve"), PiiInformation("adresse", "adresse")),
        pii_controllers=(controller,),
        collection_method="formulaire papier, saisi par un agent",
        processing_method="pseudonymisation à l'entrée, agrégation par commune et par mois",
        storage_locations=("FR",),
        retention_period="P3Y",
        processing_locations=("FR",),
        jurisdiction="FR",
        recipient_third_parties=(),
        withdrawal_method="en mairie, par courrier ou en ligne, à tout moment",
        privacy_rights="accès, rectification, effacement, limitation, portabilité",
    )
