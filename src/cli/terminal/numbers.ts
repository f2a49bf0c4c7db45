/** Figures as people read them: grouped counts, decimal sizes, durations in the one or two units that matter, UTC times. */

/** `48,000`. */
export function count(value: number | bigint): string {
  const digits = typeof value === "bigint" ? value.toString() : Math.round(value).toString();
  return digits.replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 row`, `2 rows`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const sizeUnits = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Decimal units, as disks and archives are measured: `812 B`, `17.8 MB`, `1.7 TB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${sizeUnits[unit] ?? "B"}`;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `0.61 s`, `4.1 s`, `40 s`, `3 min 20 s`, `12 min`, `2 h 5 min`, `9 h`, `2 d 9 h`, `58 d`. */
export function duration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < 995) return `${(whole / second).toFixed(2)} s`;
  if (whole < 9.95 * second) return `${(whole / second).toFixed(1)} s`;
  if (whole < 59.5 * second) return `${Math.round(whole / second)} s`;
  if (whole < 10 * minute) return twoUnits(whole, minute, "min", second, "s");
  if (whole < 59.5 * minute) return `${Math.round(whole / minute)} min`;
  if (whole < day - hour / 2)
    return whole < 6 * hour ? twoUnits(whole, hour, "h", minute, "min") : `${Math.round(whole / hour)} h`;
  return whole < 10 * day ? twoUnits(whole, day, "d", hour, "h") : `${Math.round(whole / day)} d`;
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const smalls = Math.round(ms / small);
  const larges = Math.floor((smalls * small) / large);
  const rest = smalls - (larges * large) / small;
  return rest === 0 ? `${larges} ${largeName}` : `${larges} ${largeName} ${rest} ${smallName}`;
}

/** `12.3 MB/s`; empty as long as nothing can be said. */
export function byteRate(bytes: number, ms: number): string {
  return ms <= 0 || bytes <= 0 ? "" : `${size((bytes / ms) * 1000)}/s`;
}

/** `2026-03-27T12:00:05Z`. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A time for people, by how far it is away: `12:05 UTC` today, otherwise `2026-03-27 12:05 UTC`. */
export function clockTime(ms: number, nowMs: number): string {
  const text = new Date(ms).toISOString();
  const today = new Date(nowMs).toISOString().slice(0, 10) === text.slice(0, 10);
  return today ? `${text.slice(11, 16)} UTC` : `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`;
}
