"""Documents of an account: proofs for KYC, numbers and channels, approved by the operator."""
