"""chDB (ClickHouse in a process) converts one file with its default inference: chdb-convert.py INPUT OUTPUT [one-thread]"""
import sys

import chdb


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


source, target = sys.argv[1:3]
threads = ", max_threads = 1, max_insert_threads = 1" if "one-thread" in sys.argv[3:] else ""
chdb.query(
    f"""
    INSERT INTO FUNCTION file({quoted(target)}, 'Parquet')
    SELECT * FROM file({quoted(source)}, 'JSONEachRow')
    SETTINGS output_format_parquet_compression_method = 'zstd', output_format_compression_level = 1,
             engine_file_truncate_on_insert = 1{threads}
    """
)
