"""How long tests wait. No test says how fast the machine must be: that is measured in benches/."""

# For anything that must come: only a test that has failed waits so long.
PATIENCE_S = 60.0
# Of the node, for requests that name no timeout: longer than any test, on any machine.
REQUEST_TIMEOUT_S = 3600.0
