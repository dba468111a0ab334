"""What customers build with messages: links, and more to come."""
