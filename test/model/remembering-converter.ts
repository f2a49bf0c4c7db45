/**
 * The real converter, which is asked only once for each request: the same raw bytes with the same settings give the same
 * file, as its contract says, and hundreds of histories convert the same few hours again and again.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { Converter, ConvertReport } from "../../src/convert/contract.ts";

interface Conversion {
  readonly report: ConvertReport;
  readonly output: Uint8Array;
  readonly rejects: Uint8Array | undefined;
}

export function rememberingConverter(converter: Converter): Converter {
  const known = new Map<string, Conversion>();
  return {
    ...converter,
    async convert(request, options) {
      const { input, output, rejects, ...rest } = request;
      const key = createHash("sha256")
        .update(await readFile(input.file))
        .update(JSON.stringify(rest))
        .digest("hex");
      const found = known.get(key);
      if (found !== undefined) {
        await writeFile(output, found.output);
        if (rejects !== undefined && found.rejects !== undefined) await writeFile(rejects, found.rejects);
        return found.report;
      }
      const report = await converter.convert(request, options);
      const written = rejects !== undefined && existsSync(rejects) ? await readFile(rejects) : undefined;
      known.set(key, { report, output: await readFile(output), rejects: written });
      return report;
    },
  };
}
