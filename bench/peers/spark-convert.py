"""Spark local[2] converts one file three times in one session and tells what the third time cost.

    spark-submit [OPTIONS] spark-convert.py INPUT OUTPUT [COLUMNS.ddl]

spark-submit's JVM is the parent of this program; its CPU is read before and after. Prints one JSON line.
"""
import json
import os
import shutil
import sys
import time

from pyspark.sql import SparkSession

source, target, *columns = sys.argv[1:]
ticks = os.sysconf("SC_CLK_TCK")


def cpu_seconds():
    total = 0
    for pid in (os.getppid(), os.getpid()):
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            # After the name in parentheses, user and system time are the 12th and 13th fields.
            fields = stat.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / ticks


spark = SparkSession.builder.getOrCreate()
for _ in range(3):
    shutil.rmtree(target, ignore_errors=True)
    cpu, wall = cpu_seconds(), time.monotonic()
    reader = spark.read
    if columns:
        with open(columns[0], encoding="utf-8") as file:
            reader = reader.schema(file.read())
    reader.json(source).coalesce(1).write.parquet(target)
    cost = {"cpuSeconds": cpu_seconds() - cpu, "wallSeconds": time.monotonic() - wall}
print(json.dumps(cost))
spark.stop()
