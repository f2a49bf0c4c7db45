/** Bodies that are no archive files. */
import { hourFileName } from "./hours.ts";

/** What the archive's storage answers for a file it does not have. */
export function noSuchKey(name: string): string {
  return `<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Details>No such object: sample/${escaped(name)}</Details></Error>`;
}

export function htmlPage(title: string): string {
  return `<!DOCTYPE html>\n<html><head><title>${escaped(title)}</title></head><body><h1>${escaped(title)}</h1><p>Please sign in to the network to continue.</p></body></html>\n`;
}

/** For somebody who opens the server in a browser. */
export function welcome(from: number | undefined, until: number | undefined): string {
  const example = hourFileName(from ?? Date.UTC(2026, 2, 1, 5));
  const limits = [
    from === undefined ? undefined : `from ${hourFileName(from)}`,
    until === undefined ? undefined : `before ${hourFileName(until)}`,
  ];
  const range = limits.filter((limit) => limit !== undefined).join(", ");
  return `Sample archive: deterministic, invented hours${range === "" ? "" : `, ${range}`}. Try /${example}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
