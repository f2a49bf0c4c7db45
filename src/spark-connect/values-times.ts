/**
 * Dates, times of day and instants as ISO 8601, a column at a time, over everything that their integers can say: years beyond
 * 9999 and before 0 have a sign and at least six digits. The calendar is the proleptic Gregorian one, as in Spark since 3.0.
 */
import { SparkError } from "./errors.ts";
import { AsciiWriter } from "./values-texts.ts";

const dash = 45;
const plus = 43;
const colon = 58;
const point = 46;
const letterT = 84;
const letterZ = 90;

const daySeconds = 86_400;
const dayMicros = daySeconds * 1e6;
const dateBytesMax = "+5881580-07-11".length;
const instantBytesMax = "+294247-01-10T04:00:54.775807Z".length;
const timeBytesMax = "HH:MM:SS.fffffffff".length;

/** Days since 1970-01-01 as `YYYY-MM-DD`. */
export function dateTexts(days: Int32Array): string[] {
  const writer = new AsciiWriter(days.length, dateBytesMax);
  for (const day of days) {
    writeDate(writer, day);
    writer.end();
  }
  return writer.texts();
}

/** Microseconds since 1970-01-01 as `YYYY-MM-DDTHH:MM:SS.ffffff`, with a `Z` behind it if it is UTC. */
export function instantTexts(micros: BigInt64Array, isUtc: boolean): string[] {
  const words = new Int32Array(micros.buffer, micros.byteOffset, 2 * micros.length);
  const writer = new AsciiWriter(micros.length, instantBytesMax);
  for (let index = 0; index < micros.length; index++) {
    const high = words[2 * index + 1] ?? 0;
    if (high >= -(2 ** 21) && high < 2 ** 21) {
      const value = high * 2 ** 32 + ((words[2 * index] ?? 0) >>> 0);
      const day = Math.floor(value / dayMicros);
      writeInstant(writer, day, value - day * dayMicros);
    } else {
      const value = micros[index] ?? 0n;
      const rest = ((value % BigInt(dayMicros)) + BigInt(dayMicros)) % BigInt(dayMicros);
      writeInstant(writer, Number((value - rest) / BigInt(dayMicros)), Number(rest));
    }
    if (isUtc) writer.byte(letterZ);
    writer.end();
  }
  return writer.texts();
}

/**
 * Nanoseconds since midnight as `HH:MM:SS.ffffff`, with three digits more where there are such nanoseconds. `isNull` says which
 * values mean nothing.
 */
export function timeTexts(nanos: BigInt64Array, isNull: (index: number) => boolean): string[] {
  const writer = new AsciiWriter(nanos.length, timeBytesMax);
  for (let index = 0; index < nanos.length; index++) {
    if (!isNull(index)) {
      const value = Number(nanos[index] ?? 0n);
      if (value < 0 || value >= dayMicros * 1000)
        throw new SparkError("corrupt", "Arrow: a time of day is beyond its day");
      const micros = Math.floor(value / 1000);
      writeTime(writer, micros);
      const rest = value - micros * 1000;
      if (rest !== 0) writer.digits(rest, 3);
    }
    writer.end();
  }
  return writer.texts();
}

/** `micros` since the day began, below a day's. */
function writeInstant(writer: AsciiWriter, day: number, micros: number): void {
  writeDate(writer, day);
  writer.byte(letterT);
  writeTime(writer, micros);
}

function writeTime(writer: AsciiWriter, micros: number): void {
  const seconds = Math.floor(micros / 1e6);
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  writer.two(hours);
  writer.byte(colon);
  writer.two(minutes - 60 * hours);
  writer.byte(colon);
  writer.two(seconds - 60 * minutes);
  writer.byte(point);
  writer.digits(micros - 1e6 * seconds, 6);
}

/** The years of the calendar repeat every 400, of 146,097 days each; they are counted from March, so that leap days end them. */
function writeDate(writer: AsciiWriter, day: number): void {
  const fromMarch = day + 719_468;
  const era = Math.floor(fromMarch / 146_097);
  const dayOfEra = fromMarch - era * 146_097;
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  writeYear(writer, yearOfEra + era * 400 + (month <= 2 ? 1 : 0));
  writer.byte(dash);
  writer.two(month);
  writer.byte(dash);
  writer.two(dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0) + 1);
}

function writeYear(writer: AsciiWriter, year: number): void {
  if (year >= 0 && year <= 9999) {
    writer.digits(year, 4);
    return;
  }
  writer.byte(year < 0 ? dash : plus);
  const size = Math.abs(year);
  writer.digits(size, size < 1e6 ? 6 : 7);
}
