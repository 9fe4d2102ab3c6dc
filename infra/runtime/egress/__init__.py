"""Requests that leave: one client, and which addresses it may reach."""
