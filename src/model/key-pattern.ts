// Written by the owner of the configuration; see designs/formats.md.
export interface KeyPattern {
  /** As the user wrote it. */
  readonly text: string;
}
