/** Exact conversions of declared columns (rule T7): each answers nothing where the value does not fit. */

export interface DecimalDigits {
  readonly negative: boolean;
  /** Without leading and trailing zeros; empty for zero. */
  readonly digits: string;
  /** The value is `digits` · 10^`exponent`. */
  readonly exponent: number;
}

/** Takes a number in JSON's grammar apart. */
export function parseDecimal(text: string): DecimalDigits | undefined {
  const match = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  const exponent = Number(power) - fraction.length + (all.length - digits.length);
  return { negative: sign === "-", digits, exponent };
}

/** The value times 10^`scale`, if that is an integer of at most `precision` digits. */
export function unscaledDecimal(value: DecimalDigits, precision: number, scale: number): bigint | undefined {
  if (value.digits === "") return 0n;
  const zeros = value.exponent + scale;
  if (zeros < 0 || value.digits.length + zeros > precision) return undefined;
  const unscaled = BigInt(value.digits + "0".repeat(zeros));
  return value.negative ? -unscaled : unscaled;
}

const isoForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):?(\d\d))$/;
const slashForm = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)() ([+-])(\d\d)(\d\d)$/;

/**
 * Microseconds since the epoch in UTC of an ISO 8601 text with `Z` or an offset, or of `YYYY/MM/DD HH:MM:SS ±HHMM` (how
 * the archive wrote times in 2012).
 */
export function parseTimestamp(text: string): bigint | undefined {
  const match = isoForm.exec(text) ?? slashForm.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [fraction = "", sign, offsetHours = "0", offsetMinutes = "0"] = match.slice(7);
  const days = daysSinceEpoch(year, month, day);
  if (days === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return undefined;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === "-" ? -60 : 60);
  const seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset;
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days from 1970-01-01 in the proleptic Gregorian calendar; absent for a day that does not exist. */
function daysSinceEpoch(year: number, month: number, day: number): number | undefined {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const length = month === 2 && isLeap ? 29 : (monthLengths[month - 1] ?? 0);
  if (day < 1 || day > length) return undefined;
  // `Date.UTC` takes the years 0 to 99 for 1900 to 1999; 400 years are 146,097 days.
  return Date.UTC(year + 400, month - 1, day) / 86_400_000 - 146_097;
}
