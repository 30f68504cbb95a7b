"""The demo city: invented venues and people for trying everything, and its own inbox.

Outside the demo neither the inbox nor the loader exists.
"""
