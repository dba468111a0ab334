"""What customers ask for and the operator decides: one queue over all kinds."""
