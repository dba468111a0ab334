"""All queries of the message log and its queue, one file for each part of the path."""
