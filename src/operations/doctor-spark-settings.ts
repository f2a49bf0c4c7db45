/** A Spark server's own settings, its clock, and how much it can do at a time. */
import type { ClockFacts, ServerDefaults } from "./doctor-spark-facts.ts";
import { fails, note, ok, type SparkFinding } from "./doctor-spark-verdict.ts";

/** Our sessions set what values depend on; the server's defaults are what everybody else there works with. */
export function settingFindings({ timeZone, ansi }: ServerDefaults): readonly SparkFinding[] {
  const isUtc = /^(?:Etc\/)?(?:UTC|UCT|Zulu|Universal|GMT|Greenwich)$|^Z$|^[+-]00:?00$/.test(timeZone);
  return [
    isUtc
      ? ok("session time zone", `${timeZone}, as our sessions set it`)
      : note(
          "session time zone",
          `our sessions set UTC; the server's default is ${timeZone}: other programs there see timestamps and dates of our marts in that zone`,
          "set spark.sql.session.timeZone=UTC on the server if that surprises anybody",
        ),
    ansi
      ? ok("ANSI mode", "on, as our sessions set it")
      : note(
          "ANSI mode",
          "our sessions set it; the server's default is off: the same statement of another program there may give NULL where ours fails",
          "set spark.sql.ansi.enabled=true on the server if that surprises anybody",
        ),
  ];
}

/** Stores refuse signatures that are older. */
const signatureMsMax = 15 * 60_000;
const skewMsMax = 60_000;

export function clockFinding({ aheadMs, uncertaintyMs }: ClockFacts, needsS3: boolean): SparkFinding {
  // No more than what is certain counts.
  const off = Math.max(0, Math.abs(aheadMs) - uncertaintyMs);
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  const seen = `${seconds} s ${aheadMs < 0 ? "behind" : "ahead of"} ours (known to ${(uncertaintyMs / 1000).toFixed(1)} s)`;
  const remedy = "set the clocks of both machines by NTP";
  if (needsS3 && off > signatureMsMax) return fails("clock", `${seen}: stores refuse its requests`, remedy);
  return off > skewMsMax ? note("clock", seen, remedy) : ok("clock", off === 0 ? "the same as ours" : seen);
}

export function resourceFinding(tasks: number, defaults: ServerDefaults | undefined): SparkFinding {
  const { master = "", driverMemory = "1g", executorMemory } = defaults ?? {};
  const isLocal = master.startsWith("local");
  const executors = isLocal || executorMemory === undefined ? "" : `, each executor ${executorMemory}`;
  const seen = `${master === "" ? "" : `${master}: `}${tasks} ${tasks === 1 ? "task" : "tasks"} at a time, driver ${driverMemory}${executors}`;
  const bytes = memoryBytes(driverMemory);
  if (bytes !== undefined && bytes < 1 << 30) {
    return note("memory and cores", seen, "start the server with at least 1 GiB: --driver-memory 1g");
  }
  if (tasks < 2) {
    return note("memory and cores", `${seen}; partitions are read one after the other`, "give the server more cores");
  }
  return ok("memory and cores", seen);
}

/** `512m` → 536870912. A number without a unit is bytes, as Spark reads it. */
function memoryBytes(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+)\s*([bkmgtp]?)b?$/i.exec(text.trim()) ?? [];
  return digits === undefined ? undefined : Number(digits) * 1024 ** Math.max(0, "bkmgtp".indexOf(unit.toLowerCase()));
}
