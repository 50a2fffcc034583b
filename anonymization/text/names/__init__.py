"""Names of people: how each word of a text is judged. See :mod:`anonymization.text.recognizers.people`."""
