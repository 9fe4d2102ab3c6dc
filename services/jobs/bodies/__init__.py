"""What the routes of jobs answer, for the OpenAPI document; ``services.jobs.shapes`` and others fill it."""
