"""
Carries out statements with the official client and prints what they yield, one JSON line each: rows of texts, or the error's class.
Arguments: the server's URL, then statements.
"""

import json
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

url, *statements = sys.argv[1:]
spark = SparkSession.builder.remote(url).create()
for statement in statements:
    try:
        rows = spark.sql(statement).collect()
        print(json.dumps({"rows": [[None if value is None else str(value) for value in row] for row in rows]}))
    except PySparkException as error:
        print(json.dumps({"errorClass": error.getCondition(), "sqlState": error.getSqlState()}))
    sys.stdout.flush()
