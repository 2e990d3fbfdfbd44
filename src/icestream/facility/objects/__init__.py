"""Buckets that speak S3: listed, read and written, compared and cleaned."""
