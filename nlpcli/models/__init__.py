"""Where weights come from and how they become a module."""

import os

# Read by transformers when it is imported: code for the layers of a model is never fetched from the hub.
os.environ["USE_HUB_KERNELS"] = "0"
