"""DataStore tables that the hub fills by COPY, a period at a time."""
