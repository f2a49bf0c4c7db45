"""Decompresses one file and throws the bytes away, which no converter can do without: limit-gunzip.py INPUT"""
import sys
import zlib

decoder = zlib.decompressobj(31)
with open(sys.argv[1], "rb") as file:
    while chunk := file.read(1 << 16):
        decoder.decompress(chunk)
