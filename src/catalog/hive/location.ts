/** Locations as Hadoop's paths are written: nothing is percent-encoded, and a slash at the end means nothing. */

/** The server writes `file:///x` as `file:/x`. */
export function isSameLocation(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(location: string): string {
  const [, scheme = "", authority = "", path = ""] =
    /^([a-z][a-z0-9+.-]*:)?(?:\/\/([^/]*))?(.*)$/is.exec(location) ?? [];
  const known = scheme === "" ? "file:" : scheme.toLowerCase();
  return `${known}//${authority}${path.replaceAll(/\/+/g, "/").replace(/\/$/, "")}`;
}
