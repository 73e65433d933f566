"""A whole project in one archive, and back, also into the other database. Path: **project** (shell)."""
