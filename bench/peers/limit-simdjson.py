"""Decompresses one file and parses every line with simdjson, keeping nothing: limit-simdjson.py INPUT"""
import sys
import zlib

import simdjson

parser = simdjson.Parser()
decoder = zlib.decompressobj(31)
rest = b""
with open(sys.argv[1], "rb") as file:
    while chunk := file.read(1 << 16):
        *lines, rest = (rest + decoder.decompress(chunk)).split(b"\n")
        for line in lines:
            parser.parse(line)
if rest:
    parser.parse(rest)
