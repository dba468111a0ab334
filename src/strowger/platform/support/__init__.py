"""Support: tickets between customers and the operator, and the glossary (console.md 5.1, 5.13)."""
