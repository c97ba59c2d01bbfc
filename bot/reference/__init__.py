"""The pages of the reference that are written from the code: `python -m bot.reference` writes them."""
