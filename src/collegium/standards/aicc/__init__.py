"""AICC: the structure of a course in its files of tables."""
