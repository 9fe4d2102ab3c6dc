"""The queue engine: jobs, claims, leases, retries."""
