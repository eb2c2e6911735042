"""Parts of the stand-in EAS."""
