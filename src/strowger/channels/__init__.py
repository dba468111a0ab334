"""Channels: each turns a Message into its protocol and back."""
