"""What comes in: data sources, and the files and pages that are submitted to them."""
