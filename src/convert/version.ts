/**
 * Name and major version of the converter: it goes into every partition's provenance, and another one asks for
 * re-conversion. In a file of its own, so that planning does not load the converter.
 */
export const converterVersion = "native/1";
