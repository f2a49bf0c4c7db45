import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { engineContract, failsAs, rowsOf } from "../../../test/contract/engine.ts";
import { engineElsewhere } from "../../../test/contract/engine-elsewhere.ts";
import { openEngine } from "../open.ts";
import { openSession } from "./session.ts";

const open = async () => {
  const engine = openEngine({ kind: "duckdb", threads: 2, memoryBytes: 500_000_000 });
  return { engine, close: () => engine.close() };
};

engineContract("duckdb", open);
engineElsewhere("duckdb", open);

describe("duckdb", () => {
  const scratched = async (work: (scratch: string) => Promise<void>): Promise<void> => {
    const scratch = mkdtempSync(join(tmpdir(), "millrace-duckdb-"));
    try {
      await work(scratch);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  };

  test("tells its version", async () => {
    assert.match(
      await openEngine({ kind: "duckdb", threads: 1, memoryBytes: 200_000_000 }).version(),
      /^DuckDB v?1\.\d+\.\d+/,
    );
  });

  test("spills to scratch what does not fit into memory, and says what to do when that is not possible", async () => {
    await scratched(async (scratch) => {
      const engine = openEngine({ kind: "duckdb", threads: 2, memoryBytes: 100_000_000 });
      const rows = "range(2000000) r(x)";
      const sorted = `select x, hash(x)::varchar as h, repeat('x', 60) || x as t from ${rows} order by h`;
      assert.deepEqual(await rowsOf(engine, `select count(*) from (${sorted} offset 0)`, new Map(), scratch), [
        [2_000_000n],
      ]);
      const list = `select list(repeat('x', 60) || x) as l from ${rows}`;
      await assert.rejects(rowsOf(engine, list, new Map(), scratch), failsAs("application", /engine\.memory/));
      assert.deepEqual(readdirSync(scratch), []);
    });
  });

  test("a locked session reaches nothing beyond what it was given", async () => {
    await scratched(async (scratch) => {
      const session = await openSession({ threads: 1, memoryBytes: 200_000_000 }, join(scratch, "spill"), {
        files: [],
        directories: [],
      });
      const outside = join(scratch, "outside");
      const statements = [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        `COPY (SELECT 1) TO '${outside}.csv'`,
        `COPY (SELECT 1) TO '${join(scratch, "spill", "..", "outside.csv")}'`,
        `ATTACH '${outside}.db'`,
        `EXPORT DATABASE '${outside}'`,
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 8",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        `SET temp_directory = '${outside}'`,
        "CREATE PERSISTENT SECRET s (TYPE http)",
      ];
      for (const sql of statements) await assert.rejects(session.run(sql), sql);
      session.close();
      for (const name of ["outside", "outside.csv", "outside.db"]) assert.equal(existsSync(join(scratch, name)), false);
    });
  });
});
