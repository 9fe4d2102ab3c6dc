"""How data goes for good: on somebody's wish, or because its time is over."""
