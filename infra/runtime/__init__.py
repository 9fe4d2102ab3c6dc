"""What runs the code: settings, logs, HTTP, events in and out."""
