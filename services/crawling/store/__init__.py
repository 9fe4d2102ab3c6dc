"""The crawling context's SQL."""
