/** The one table of source kinds: what the project declares, opened. */
import type { SecretReference, SourceLocation, SourceSettings } from "../model/project.ts";
import { type Effects, realEffects } from "../pace/effects.ts";
import { makeRate } from "../pace/rate.ts";
import { archiveSource } from "./archive.ts";
import type { Source } from "./contract.ts";
import type { HttpClient } from "./http-client.ts";
import type { Mirror } from "./mirror.ts";

export interface SourceContext {
  readonly resolveSecret: (reference: SecretReference) => string | Promise<string>;
  /** Goes into `User-Agent`. */
  readonly version?: string;
  readonly effects?: Effects;
}

/** Rates are shared by all mirrors and all downloads of the source. */
export async function openSource(settings: SourceSettings, context: SourceContext): Promise<Source> {
  const { effects = realEffects, resolveSecret, version } = context;
  const bytes = makeRate(settings.bytesPerSecond, effects);
  const requests = makeRate(settings.requestsPerSecond, effects);
  const bytesMax = settings.expandedBytesMax;
  let client: HttpClient | undefined;

  async function mirrorOf(location: SourceLocation): Promise<Mirror> {
    switch (location.kind) {
      case "http": {
        const [{ httpClient }, { httpMirror }] = await Promise.all([
          import("./http-client.ts"),
          import("./http-archive.ts"),
        ]);
        const userAgent = version === undefined ? "millrace" : `millrace/${version}`;
        client ??= httpClient({ settings, resolveSecret, userAgent, requests });
        return httpMirror({ location, client, bytes, bytesMax });
      }
      case "directory": {
        const { directoryMirror } = await import("./directory.ts");
        return directoryMirror({ location, bytes, requests, bytesMax });
      }
    }
  }

  const mirrors: Mirror[] = [];
  for (const location of settings.locations) mirrors.push(await mirrorOf(location));
  return archiveSource(settings, mirrors, effects);
}
