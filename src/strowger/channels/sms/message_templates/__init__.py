"""SMS templates: texts with variables, known to the operator before they are sent."""
