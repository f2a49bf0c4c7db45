"""pyarrow converts one file with its default inference: pyarrow-convert.py INPUT OUTPUT [all] [one-thread]

By default it reads in blocks of 1 MiB and takes the types of the first; with `all` the whole file is one block.
"""
import sys

import pyarrow
import pyarrow.json
import pyarrow.parquet

source, target = sys.argv[1:3]
options = pyarrow.json.ReadOptions()
if "all" in sys.argv[3:]:
    options.block_size = (1 << 31) - 1
if "one-thread" in sys.argv[3:]:
    pyarrow.set_cpu_count(1)
    options.use_threads = False
table = pyarrow.json.read_json(source, read_options=options)
pyarrow.parquet.write_table(table, target, compression="zstd", compression_level=1)
