"""The terms that test consents are given under."""

from consent import ConsentTerms, Party, PiiInformation

TERMS = ConsentTerms(
    privacy_notice="https://territoire.example/notices/eau/1",
    language="fr",
    purposes=("statistiques-eau",),
    lawful_basis="eu-gdpr:A6-1-a",
    pii_information=(PiiInformation("relevé de compteur", "consommation_l"),),
    pii_controllers=(Party("Territoire", "controller", "dpo@territoire.example"),),
    collection_method="formulaire en ligne",
    processing_method="agrégation par commune et par mois",
    storage_locations=("UE",),
    retention_period="P10Y",
    processing_locations=("UE",),
    jurisdiction="FR",
    recipient_third_parties=(),
    withdrawal_method="en ligne ou sur papier",
    privacy_rights="accès, rectification, effacement, retrait",
)
