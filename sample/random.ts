/**
 * Pseudo-random numbers that are the same on every machine: integer arithmetic and IEEE multiplication only, none of
 * the functions of `Math` whose last digit may differ between engines (`pow`, `log`, `sin`).
 */

/** Mixes up to four integers into 32 bits (the finaliser of MurmurHash3 after each of them). */
export function mix(a: number, b = 0, c = 0, d = 0): number {
  let hash = 0x9e3779b9;
  for (const value of [a, b, c, d]) {
    // Both halves count, so that milliseconds since the epoch can be mixed in.
    hash = scramble(hash ^ (value | 0));
    hash = scramble(hash ^ Math.floor(value / 0x1_0000_0000));
  }
  return hash >>> 0;
}

function scramble(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) + 0x6d2b79f5;
}

/** One reproducible stream of numbers (the generator SFC32). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = mix(seed, 1) | 0;
    this.#b = mix(seed, 2) | 0;
    this.#c = mix(seed, 3) | 0;
    for (let round = 0; round < 8; round++) this.bits();
  }

  /** 32 random bits, 0 … 2^32 - 1. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  /** An integer in [from, to], both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  /** Like Zipf: an integer in [0, limit) of which the small ones come up far more often. */
  skewed(limit: number): number {
    const unit = this.unit();
    return Math.floor(limit * unit * unit * unit);
  }

  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.bits().toString(16).padStart(8, "0");
    return text.slice(0, digits);
  }
}
