"""Who collects: one provider a module."""
