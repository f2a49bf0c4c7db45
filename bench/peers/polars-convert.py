"""Polars converts one file with its default inference: polars-convert.py INPUT OUTPUT [all] [one-thread]

With `all` it infers the schema from every line instead of the first hundred.
"""
import os
import sys

if "one-thread" in sys.argv[3:]:
    # Read once, when the module is loaded.
    os.environ["POLARS_MAX_THREADS"] = "1"

import polars

source, target = sys.argv[1:3]
options = {"infer_schema_length": None} if "all" in sys.argv[3:] else {}
frame = polars.read_ndjson(source, **options)
frame.write_parquet(target, compression="zstd", compression_level=1)
