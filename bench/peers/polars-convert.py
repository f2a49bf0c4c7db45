"""Polars converts one file with its default inference: polars-convert.py INPUT OUTPUT [all]

With `all` it infers the schema from every line instead of the first hundred.
"""
import sys

import polars

source, target = sys.argv[1:3]
options = {"infer_schema_length": None} if sys.argv[3:] == ["all"] else {}
frame = polars.read_ndjson(source, **options)
frame.write_parquet(target, compression="zstd", compression_level=1)
