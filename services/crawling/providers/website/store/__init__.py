"""The site's rows: orders, their pages, and how hosts want to be asked."""
