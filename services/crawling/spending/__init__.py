"""What crawls cost: budgets, what is reserved of them, and what was spent."""
