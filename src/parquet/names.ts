/** Names that our files use for themselves. */

/** Key of the provenance among a file's key-value metadata. */
export const PROVENANCE_KEY = "millrace";

/** Key of the column notes, where they are too long to be part of the provenance. */
export const NOTES_KEY = "millrace.columns";

/**
 * Parquet has no table without columns: a file whose rows have none holds this one, always null, and no other. No JSON key
 * gives this name, since a `%` of a key is followed by two digits.
 */
export const PLACEHOLDER_COLUMN = "%none";
