"""How jobs come in: one, a batch, again under the same key, or not at all; and what becomes of a batch."""
