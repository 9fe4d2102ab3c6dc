"""Who may call: keys and members."""
