"""`python pyarrow_read.py rows FILE…` prints what pyarrow reads; `… inspect FILE…` what it finds in the footer."""

import json
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from encode import fail, tell


def kind_of(data_type):
    if pa.types.is_list(data_type):
        if data_type.value_field.name != "element":
            raise ValueError(f"a list's element is called {data_type.value_field.name}")
        return {"kind": "list", "element": kind_of(data_type.value_type)}
    if pa.types.is_struct(data_type):
        return {"kind": "struct", "fields": fields_of(data_type)}
    if pa.types.is_int64(data_type):
        return {"kind": "int64"}
    if pa.types.is_float64(data_type):
        return {"kind": "double"}
    if pa.types.is_boolean(data_type):
        return {"kind": "bool"}
    if pa.types.is_string(data_type) or str(data_type) == "extension<arrow.json>":
        return {"kind": "string"}
    if pa.types.is_decimal(data_type):
        return {"kind": "decimal", "precision": data_type.precision, "scale": data_type.scale}
    if pa.types.is_timestamp(data_type) and data_type.unit == "us" and data_type.tz == "UTC":
        return {"kind": "timestamp"}
    raise ValueError(f"a column of type {data_type}")


def fields_of(container):
    return [{"name": field.name, "type": kind_of(field.type)} for field in container]


def values_of(array):
    """Python values; a struct is a tuple by position, since names may be anything."""
    data_type = array.type
    if pa.types.is_struct(data_type):
        present = array.is_valid().to_pylist()
        columns = [values_of(column) for column in array.flatten()]
        return [tuple(column[at] for column in columns) if there else None for at, there in enumerate(present)]
    if pa.types.is_list(data_type):
        items = values_of(array.flatten())
        lengths = pc.list_value_length(array).to_pylist()
        lists, start = [], 0
        for length in lengths:
            lists.append(None if length is None else items[start : start + length])
            start += length or 0
        return lists
    if isinstance(array, pa.ExtensionArray):
        return array.storage.to_pylist()
    if pa.types.is_timestamp(data_type):
        return array.cast(pa.int64()).to_pylist()
    return array.to_pylist()


def rows(path):
    table = pq.read_table(path, partitioning=None).combine_chunks()
    columns = [[value for chunk in column.chunks for value in values_of(chunk)] for column in table.columns]
    if not columns:
        tell(path, [], [()] * pq.ParquetFile(path).metadata.num_rows)
    else:
        tell(path, fields_of(table.schema), list(zip(*columns, strict=True)))


def leaves_of(array, lists=0):
    """Every leaf in the order of the file: all its values, nulls of its own included, and how many lists it stands in."""
    if pa.types.is_struct(array.type):
        for column in array.flatten():
            yield from leaves_of(column, lists)
    elif pa.types.is_list(array.type):
        yield from leaves_of(array.flatten(), lists + 1)
    else:
        yield (array.storage if isinstance(array, pa.ExtensionArray) else array), lists


LIMIT_BYTES = 48


def check_statistics(chunk, values):
    """What is wrong with a column chunk's statistics, given all its values."""
    statistics = chunk.statistics
    if statistics is None:
        return "no statistics"
    present = len(values) - values.null_count
    if chunk.num_values - statistics.null_count != present:
        return f"{chunk.num_values} entries, {statistics.null_count} nulls, but {present} values"
    if present == 0:
        return "limits of nothing" if statistics.has_min_max else None
    limits = pc.min_max(values)
    least, greatest = limits["min"].as_py(), limits["max"].as_py()
    if not statistics.has_min_max:
        return None if isinstance(greatest, str) and len(greatest.encode()) > LIMIT_BYTES else "no limits"
    if isinstance(least, str):
        low, high = (limit if isinstance(limit, bytes) else limit.encode() for limit in (statistics.min, statistics.max))
        least, greatest = least.encode(), greatest.encode()
        exact = len(least) <= LIMIT_BYTES and len(greatest) <= LIMIT_BYTES
    else:
        low, high, exact = statistics.min, statistics.max, True
    if not low <= least or not high >= greatest:
        return f"{low!r} … {high!r} do not bound {least!r} … {greatest!r}"
    return f"{low!r} … {high!r}, expected {least!r} … {greatest!r}" if exact and (low, high) != (least, greatest) else None


def inspect(path):
    file = pq.ParquetFile(path)
    metadata = file.metadata
    problems, codecs = [], set()
    lists = 0
    for group in range(metadata.num_row_groups):
        table = file.read_row_group(group).combine_chunks()
        leaves = [leaf for column in table.columns for leaf in leaves_of(column.chunk(0))]
        for at, (values, depth) in enumerate(leaves):
            chunk = metadata.row_group(group).column(at)
            if chunk.num_values > 0:
                codecs.add(chunk.compression)
            lists += depth > 0
            repeated = metadata.schema.column(at).max_repetition_level
            if repeated != depth or chunk.path_in_schema.count(".list.element") < depth:
                problems.append(f"{chunk.path_in_schema}: {depth} lists of three levels, repeated {repeated} times")
            wrong = check_statistics(chunk, values)
            if wrong is not None:
                problems.append(f"{chunk.path_in_schema}: {wrong}")
    found = {
        "path": path,
        "footerBytes": metadata.serialized_size,
        "rows": metadata.num_rows,
        "rowGroups": metadata.num_row_groups,
        "leaves": metadata.num_columns,
        "lists": lists,
        "codecs": sorted(codecs),
        "problems": problems,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    action = {"rows": rows, "inspect": inspect}[sys.argv[1]]
    for each in sys.stdin.read().splitlines():
        try:
            action(each)
        except Exception as error:  # Whatever it is, the test tells it with the file's name.
            fail(each, error)
