"""What was asked of the API: the request log as a list, a page per request, failures by code and endpoint."""
