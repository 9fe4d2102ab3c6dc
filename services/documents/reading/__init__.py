"""Documents, as callers look at them."""
