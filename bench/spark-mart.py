"""The same mart by the official Python client: `python spark-mart.py URL TABLE_DIRECTORY DDL_FILE STATEMENT OUTPUT`.

The table's schema is given, as a careful user would, so that Spark infers nothing.
"""
import pathlib
import sys

from pyspark.sql import SparkSession

url, table, ddl, statement, output = sys.argv[1:]
session = SparkSession.builder.remote(url).getOrCreate()
session.conf.set("spark.sql.session.timeZone", "UTC")
schema = pathlib.Path(ddl).read_text().rstrip() + ",\n`src` STRING"
session.read.schema(schema).parquet(f"file://{table}").createOrReplaceTempView("events")
session.sql(statement).write.mode("overwrite").option("compression", "zstd").parquet(f"file://{output}")
session.stop()
