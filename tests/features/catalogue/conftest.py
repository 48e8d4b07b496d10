"""Fixtures of the catalogue's tests."""

from tests.features.catalogue.statements import statements

__all__ = ["statements"]
