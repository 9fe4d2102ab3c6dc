"""PostgreSQL: pool, unit of work, outbox, migrations, embedded server."""
