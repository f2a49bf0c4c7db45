/** Names of partitions as a metastore escapes them: `src=a%3Ab`. The characters that it has trouble with, and control characters. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped.
const escaped = /[\u0001-\u001f"#%'*/:=?\\\u007f{[\]^]/g;

export function partitionName(key: string, value: string): string {
  return `${key}=${value.replace(escaped, percent)}`;
}

/** The value in `key=value`, or `undefined` for another key. */
export function partitionValue(key: string, name: string): string | undefined {
  if (!name.startsWith(`${key}=`)) return undefined;
  return name
    .slice(key.length + 1)
    .replace(/%([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

const percent = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
