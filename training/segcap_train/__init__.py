"""Trains segcap's built-in model: scenes, network, losses, export, evaluation."""
