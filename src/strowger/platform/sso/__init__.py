"""Single sign-on of an account's people by OpenID Connect."""
