"""What the Python face is made of; ``services.jobs.processor`` is the face."""
