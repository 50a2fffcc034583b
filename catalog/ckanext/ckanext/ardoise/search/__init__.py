"""Search over one PostgreSQL table, behind the small interface through which CKAN speaks to Solr."""
