"""Reads the paths of standard input with Spark, one session for all, and prints them as `encode.py` says."""

import os
import sys
import time

os.environ["TZ"] = "UTC"
time.tzset()

from pyspark.sql import SparkSession, functions  # noqa: E402
from pyspark.sql import types as t  # noqa: E402

from encode import fail, tell  # noqa: E402

KINDS = {t.LongType: "int64", t.DoubleType: "double", t.BooleanType: "bool", t.StringType: "string", t.TimestampType: "timestamp"}


def kind_of(data_type):
    if isinstance(data_type, t.ArrayType):
        return {"kind": "list", "element": kind_of(data_type.elementType)}
    if isinstance(data_type, t.StructType):
        return {"kind": "struct", "fields": fields_of(data_type)}
    if isinstance(data_type, t.DecimalType):
        return {"kind": "decimal", "precision": data_type.precision, "scale": data_type.scale}
    return {"kind": KINDS[type(data_type)]}


def with_seconds(data_type):
    """The same type with timestamps as decimals, which a cast gives exactly."""
    if isinstance(data_type, t.ArrayType):
        return t.ArrayType(with_seconds(data_type.elementType))
    if isinstance(data_type, t.StructType):
        return t.StructType([t.StructField(field.name, with_seconds(field.dataType)) for field in data_type.fields])
    return t.DecimalType(20, 6) if isinstance(data_type, t.TimestampType) else data_type


def fields_of(struct):
    return [{"name": field.name, "type": kind_of(field.dataType)} for field in struct.fields]


if __name__ == "__main__":
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "2g")
        .config("spark.sql.codegen.wholeStage", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    for path in sys.stdin.read().splitlines():
        try:
            frame = spark.read.parquet(f"file://{path}")
            plain = frame.select(
                [functions.col(f"`{field.name}`").cast(with_seconds(field.dataType)) for field in frame.schema.fields]
                if "timestamp" in frame.schema.simpleString()
                else "*"
            )
            tell(path, fields_of(frame.schema), [tuple(row) for row in plain.collect()])
        except Exception as error:  # Whatever it is, the test tells it with the file's name.
            fail(path, error)
    spark.stop()
