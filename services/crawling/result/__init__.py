"""A result on its way into the lake: unpacked, judged line by line, stored part by part, proven."""
