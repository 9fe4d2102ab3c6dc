"""The jobs context's SQL: rows, what a worker may do with a job it holds, what others may do, and the sweep."""
