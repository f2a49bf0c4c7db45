import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageContract } from "../../test/contract/storage.ts";
import { localStorage } from "./local.ts";

storageContract("local", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-local-"));
  const path = join(directory, "not yet", "made");
  return {
    again: () => localStorage({ path, name: "lake/raw" }),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
});
