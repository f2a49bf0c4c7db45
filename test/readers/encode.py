"""How both readers print what they read, so that nothing is lost on the way: one JSON document a file.

Types are `{"kind": ...}` as in the project's schema model. Values follow their type: an int64 is its decimal text, a double
its shortest text, a decimal its unscaled integer and a timestamp its microseconds since 1970, both as text; a struct is an
object by field number without its nulls, so that no name can be lost or special. Timestamps come as microseconds or as a
decimal of seconds, since Python's own dates begin with year 1.
"""

import decimal
import json

# The usual context rounds to 28 digits.
EXACT = decimal.Context(prec=100)


def cell(value, kind):
    if value is None:
        return None
    name = kind["kind"]
    if name == "list":
        return [cell(item, kind["element"]) for item in value]
    if name == "struct":
        return struct(value, kind["fields"])
    if name == "int64":
        return str(value)
    if name == "double":
        return repr(value)
    if name == "decimal":
        return str(int(value.scaleb(kind["scale"], EXACT)))
    if name == "timestamp":
        return str(value if isinstance(value, int) else int(value.scaleb(6, EXACT)))
    return value


def struct(values, fields):
    """`values` are in the order of the fields."""
    found = {}
    for number, (value, field) in enumerate(zip(values, fields, strict=True)):
        encoded = cell(value, field["type"])
        if encoded is not None:
            found[number] = encoded
    return found


def tell(path, fields, rows):
    print(json.dumps({"path": path, "fields": fields, "rows": [struct(row, fields) for row in rows]}))


def fail(path, error):
    print(json.dumps({"path": path, "error": f"{type(error).__name__}: {error}"[:500]}))
