"""SMS: the compatible API, carriers over SMPP, and its console rooms."""
