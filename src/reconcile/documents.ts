/**
 * Small objects that a former pass read: catalog records, manifests, schema documents. What a listing shows unchanged is
 * not read again. Documents that a pass did not ask for are forgotten when it saves.
 */
import type { Documents } from "../storage/contract.ts";

export interface RememberedDocument {
  readonly key: string;
  readonly token: string;
  readonly text: string;
}

export interface DocumentMemory extends Documents {
  /** Whether what would be saved differs from what was loaded. */
  readonly changed: boolean;
  /** Those that were asked for or noted. */
  used(): readonly RememberedDocument[];
}

export function documentMemory(loaded: readonly RememberedDocument[]): DocumentMemory {
  const known = new Map(loaded.map((document) => [document.key, document]));
  const used = new Map<string, RememberedDocument>();
  let noted = false;
  return {
    find(key, token) {
      const document = known.get(key);
      if (document === undefined || document.token !== token) return undefined;
      used.set(key, document);
      return Buffer.from(document.text);
    },
    note(key, token, bytes) {
      if (used.get(key)?.token === token) return;
      const document = { key, token, text: Buffer.from(bytes).toString("utf8") };
      known.set(key, document);
      used.set(key, document);
      noted = true;
    },
    newest(prefix) {
      let newest: string | undefined;
      for (const key of known.keys()) {
        if (key.startsWith(prefix) && (newest === undefined || key > newest)) newest = key;
      }
      return newest;
    },
    get changed() {
      return noted || used.size < loaded.length;
    },
    used: () => [...used.values()],
  };
}
