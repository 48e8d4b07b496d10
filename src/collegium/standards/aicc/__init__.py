"""AICC: the structure of a course in its files of tables, and what its units say over HTTP."""
