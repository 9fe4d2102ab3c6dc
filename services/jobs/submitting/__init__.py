"""How jobs come in: one, a batch, again under the same key, or not at all."""
