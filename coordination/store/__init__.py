"""This package's statements: a module for each concern, used by the modules above of that name."""
