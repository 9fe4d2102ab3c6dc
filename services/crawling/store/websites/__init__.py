"""Rows of the provider `website`: orders, their pages and parts, and how hosts want to be asked."""
