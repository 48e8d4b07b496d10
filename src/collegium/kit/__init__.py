"""What every feature stands on: database, errors, storage, clock. Nothing here knows a feature."""
