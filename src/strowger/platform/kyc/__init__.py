"""KYC: who a customer is. Until the operator approves it, an account that signed up stays on trial (console.md 5.4)."""
