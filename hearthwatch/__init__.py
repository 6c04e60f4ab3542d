"""The service without HTTP: records, settings, store, pipeline and command line."""
