"""What every face is made of: the app factory, problems as JSON, pages, streams, limits, measurements."""
