/** The answer to ListObjectsV2, without the keys that it is to hide. */

export function hideKeys(xml: string, isHidden: (key: string) => boolean): string {
  const encoded = xml.includes("<EncodingType>url</EncodingType>");
  const shown = xml.replace(/<Contents>.*?<\/Contents>/gs, (entry) => {
    const text = unescapeXml(/<Key>(.*?)<\/Key>/s.exec(entry)?.[1] ?? "");
    return isHidden(encoded ? decodeURIComponent(text.replaceAll("+", " ")) : text) ? "" : entry;
  });
  const count = (shown.match(/<Contents>/g)?.length ?? 0) + (shown.match(/<CommonPrefixes>/g)?.length ?? 0);
  return shown.replace(/<KeyCount>\d+<\/KeyCount>/, `<KeyCount>${count}</KeyCount>`);
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return entities[name] ?? whole;
  });
}
