"""What the answers of providers mean, and what follows."""
