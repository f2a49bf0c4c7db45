/** Locations as Hadoop's paths are written: nothing is percent-encoded, and a slash at the end means nothing. */

/** The server writes `file:///x` as `file:/x`. */
export function isSameLocation(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/** Scheme and host or bucket: what one set of credentials opens. */
export function isSameFileSystem(one: string, other: string): boolean {
  return parts(one).root === parts(other).root;
}

function plain(location: string): string {
  const { root, path } = parts(location);
  return `${root}${path.replaceAll(/\/+/g, "/").replace(/\/$/, "")}`;
}

function parts(location: string): { readonly root: string; readonly path: string } {
  const [, scheme = "", authority = "", path = ""] =
    /^([a-z][a-z0-9+.-]*:)?(?:\/\/([^/]*))?(.*)$/is.exec(location) ?? [];
  return { root: `${scheme === "" ? "file:" : scheme.toLowerCase()}//${authority}`, path };
}
