"""Adapters on Google Cloud: the only folder that names Google. Loaded by name where a profile asks for it."""
