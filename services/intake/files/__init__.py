"""Files on their way in: uploaded, checked, imported."""
