"""How jobs are worked: claimed, held, handled, settled."""
