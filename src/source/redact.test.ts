import assert from "node:assert/strict";
import { test } from "node:test";
import { shownUrl } from "./redact.ts";

test("a URL is shown without what opens doors, and otherwise as it is", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["https://data.gharchive.org/2026-03-01-5.json.gz", "https://data.gharchive.org/2026-03-01-5.json.gz"],
    ["https://user:pass@host/x", "https://host/x"],
    ["https://:pass@host:8443/x#frag", "https://host:8443/x"],
    ["https://host/x?day=2026-03-01&h=5%20", "https://host/x?day=2026-03-01&h=5%20"],
    [
      "https://host/x?X-Amz-Credential=AK%2F1&X-Amz-Date=1&X-Amz-Security-Token=t&X-Amz-Signature=s",
      "https://host/x?X-Amz-Credential=***&X-Amz-Date=1&X-Amz-Security-Token=***&X-Amz-Signature=***",
    ],
    ["https://host/x?sv=1&sig=abc%3D&se=2", "https://host/x?sv=1&sig=***&se=2"],
    [
      "https://host/x?api_key=1&access%5Ftoken=2&Password=3",
      "https://host/x?api_key=***&access%5Ftoken=***&Password=***",
    ],
    ["https://host/x?%zz=1&token", "https://host/x?%zz=1&token=***"],
  ];
  for (const [url, shown] of cases) assert.equal(shownUrl(new URL(url)), shown);
});
