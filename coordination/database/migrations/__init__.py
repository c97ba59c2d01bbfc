"""Migrations: numbered revisions in `versions`, run by `run.py`. There is no way back."""
