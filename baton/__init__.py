"""Report what your tools do to Baton."""
