"""Runs in which something happens: judging monitors on them, what they are compared with, making more."""
