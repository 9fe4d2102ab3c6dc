"""Adapters on Google Cloud: the only folder that names Google. Loaded by name where a profile asks for it."""

import os

# We fork only to start programs; guarded against more, gRPC writes a line to standard error each time.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
