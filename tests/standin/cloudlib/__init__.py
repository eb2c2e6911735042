"""Parts of the stand-in for the invoice cloud; see ../cloud.py."""
