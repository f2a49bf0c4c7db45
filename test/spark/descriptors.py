"""Prints the messages, enums and services of the official client's protocol as JSON: names, numbers, types, labels."""

import json
import sys

from google.protobuf.descriptor import FieldDescriptor
from pyspark.sql.connect.proto import base_pb2, commands_pb2, common_pb2, expressions_pb2, relations_pb2, types_pb2

TYPES = {
    value: name[len("TYPE_") :].lower()
    for name, value in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}


def field(descriptor):
    repeated = getattr(descriptor, "is_repeated", None)
    if repeated is None:
        repeated = descriptor.label == FieldDescriptor.LABEL_REPEATED
    named = descriptor.message_type or descriptor.enum_type
    oneof = descriptor.containing_oneof
    return {
        "number": descriptor.number,
        "type": TYPES[descriptor.type],
        "of": named.full_name if named else None,
        "repeated": bool(repeated),
        "optional": bool(descriptor.has_presence and oneof is not None and oneof.name == "_" + descriptor.name),
        "oneof": oneof.name if oneof is not None else None,
    }


messages = {}
enums = {}


def add_enum(descriptor):
    enums[descriptor.full_name] = {value.name: value.number for value in descriptor.values}


def add_message(descriptor):
    messages[descriptor.full_name] = {each.name: field(each) for each in descriptor.fields}
    for nested in descriptor.nested_types:
        add_message(nested)
    for nested in descriptor.enum_types:
        add_enum(nested)


methods = {}
for module in (base_pb2, commands_pb2, common_pb2, expressions_pb2, relations_pb2, types_pb2):
    file = module.DESCRIPTOR
    for each in file.message_types_by_name.values():
        add_message(each)
    for each in file.enum_types_by_name.values():
        add_enum(each)
    for service in file.services_by_name.values():
        for method in service.methods:
            methods[f"{service.full_name}.{method.name}"] = {
                "input": method.input_type.full_name,
                "output": method.output_type.full_name,
                "client_streaming": bool(getattr(method, "client_streaming", False)),
                "server_streaming": bool(getattr(method, "server_streaming", False)),
            }

json.dump({"messages": messages, "enums": enums, "methods": methods}, sys.stdout)
