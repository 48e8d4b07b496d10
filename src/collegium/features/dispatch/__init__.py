"""Packages given to partners, whose learning systems launch them here."""
