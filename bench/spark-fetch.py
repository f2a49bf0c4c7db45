"""The official Python client once, in a process of its own: `python spark-fetch.py URL MODE QUERY`.

Prints the number of rows, the seconds from the query to its last row, and for `small` the latency of each query in ms.
"""
import json
import sys
import time

from pyspark.sql import SparkSession

url, mode, query = sys.argv[1:]
session = SparkSession.builder.remote(url).getOrCreate()
session.version
started = time.perf_counter()
rows, latencies = 0, []
if mode == "arrow":
    rows = session.sql(query).toArrow().num_rows
elif mode == "objects":
    rows = len(session.sql(query).collect())
elif mode == "objects-stream":
    for row in session.sql(query).toLocalIterator():
        rows += 1
elif mode == "small":
    for _ in range(200):
        begun = time.perf_counter()
        rows += len(session.sql(query).collect())
        latencies.append((time.perf_counter() - begun) * 1000)
else:
    raise SystemExit(f"no such mode: {mode}")
seconds = time.perf_counter() - started
print(json.dumps({"rows": rows, "seconds": seconds, "latencies": latencies}))
session.stop()
