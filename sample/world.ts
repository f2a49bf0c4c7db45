/**
 * The invented people, organisations and repositories of the sample archive. Every one of them is a function of the
 * seed and its number, so nothing has to be stored, and the same repository looks the same in every hour.
 */
import { mix, Random } from "./random.ts";
import { headline, languages, noun } from "./text.ts";

export interface Account {
  readonly login: string;
  readonly id: number;
  readonly kind: "User" | "Organization" | "Bot";
  /** The name a commit carries. */
  readonly name: string;
}

export interface Repository {
  readonly number: number;
  readonly id: number;
  readonly name: string;
  readonly fullName: string;
  readonly owner: Account;
  readonly description: string | null;
  readonly homepage: string | null;
  readonly language: string | null;
  readonly license: License | null;
  readonly topics: readonly string[];
  readonly defaultBranch: string;
  readonly createdMs: number;
  /** 0 … about 90,000: the popularity that forks, stars and issue numbers follow. */
  readonly weight: number;
}

export interface License {
  readonly key: string;
  readonly name: string;
  readonly spdxId: string;
  readonly url: string | null;
  readonly code: number;
}

const users = 400_000;
const organisations = 25_000;
const repositories = 500_000;

type Parts = readonly [string, ...string[]];
const onsets: Parts = [
  "b",
  "br",
  "d",
  "f",
  "gr",
  "h",
  "j",
  "k",
  "kr",
  "l",
  "m",
  "n",
  "p",
  "qu",
  "r",
  "s",
  "st",
  "t",
  "v",
  "w",
  "z",
];
const vowels: Parts = ["a", "e", "i", "o", "u", "ai", "eo", "ia", "ou"];
const codas: Parts = ["", "", "l", "n", "r", "s", "t", "x", "m"];
const orgEndings: Parts = ["-labs", "-works", "hq", "-io", "-team", "soft", "-foundation", "data"];
const botNames: Parts = [
  "deps-keeper",
  "ci-runner",
  "release-pilot",
  "lint-warden",
  "stale-sweeper",
  "docs-printer",
  "cover-meter",
  "preview-host",
];

const licenses: readonly [License, ...License[]] = [
  { key: "mit", name: "MIT License", spdxId: "MIT", url: "https://api.github.com/licenses/mit", code: 13 },
  {
    key: "apache-2.0",
    name: "Apache License 2.0",
    spdxId: "Apache-2.0",
    url: "https://api.github.com/licenses/apache-2.0",
    code: 2,
  },
  {
    key: "gpl-3.0",
    name: "GNU General Public License v3.0",
    spdxId: "GPL-3.0",
    url: "https://api.github.com/licenses/gpl-3.0",
    code: 9,
  },
  {
    key: "bsd-3-clause",
    name: 'BSD 3-Clause "New" or "Revised" License',
    spdxId: "BSD-3-Clause",
    url: "https://api.github.com/licenses/bsd-3-clause",
    code: 5,
  },
  { key: "other", name: "Other", spdxId: "NOASSERTION", url: null, code: 0 },
];

function syllables(random: Random, count: number): string {
  let text = "";
  for (let index = 0; index < count; index++) text += random.pick(onsets) + random.pick(vowels) + random.pick(codas);
  return text;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A map that forgets everything when it is full, so that memory stays bounded at the price of making things again. */
class Memo<T> {
  readonly #made = new Map<number, T>();
  readonly #limit: number;
  constructor(limit: number) {
    this.#limit = limit;
  }
  get(number: number, make: () => T): T {
    const known = this.#made.get(number);
    if (known !== undefined) return known;
    if (this.#made.size >= this.#limit) this.#made.clear();
    const made = make();
    this.#made.set(number, made);
    return made;
  }
}

export class World {
  readonly seed: number;
  readonly #users = new Memo<Account>(4_000);
  readonly #organisations = new Memo<Account>(2_000);
  readonly #repositories = new Memo<Repository>(4_000);

  constructor(seed: number) {
    this.seed = seed;
  }

  user(number: number): Account {
    return this.#users.get(number, () => {
      const random = new Random(mix(this.seed, 11, number));
      const first = syllables(random, random.between(1, 2));
      const last = syllables(random, random.between(1, 3));
      const login = `${random.chance(0.3) ? capital(first) : first}${random.pick(["", "", "-"])}${last}${random.chance(0.4) ? random.below(1000) : ""}`;
      // Ids are distinct by construction and spread over the range real ones have.
      return {
        login,
        id: 1_000_003 + number * 293 + random.below(293),
        kind: "User",
        name: `${capital(first)} ${capital(last)}`,
      };
    });
  }

  organisation(number: number): Account {
    return this.#organisations.get(number, () => {
      const random = new Random(mix(this.seed, 12, number));
      const login = `${syllables(random, 2)}${random.pick(orgEndings)}${random.chance(0.2) ? number : ""}`;
      return { login, id: 130_000_007 + number * 409 + random.below(409), kind: "Organization", name: capital(login) };
    });
  }

  bot(random: Random): Account {
    const number = random.skewed(botNames.length);
    const name = botNames[number] ?? botNames[0];
    return { login: `${name}[bot]`, id: 41_898_282 + number * 1_000_003, kind: "Bot", name: `${name}[bot]` };
  }

  /** Somebody who may act anywhere: stars, forks, outside contributions. */
  anyUser(random: Random): Account {
    return this.user(random.chance(0.5) ? random.skewed(users) : random.below(users));
  }

  /** One of the few people who work on that repository. */
  contributor(random: Random, repository: Repository): Account {
    if (repository.owner.kind === "User" && random.chance(0.7)) return repository.owner;
    return this.user(mix(this.seed, 13, repository.number, random.below(7)) % users);
  }

  /** Every fourth repository belongs to an organisation. */
  anyRepository(random: Random, ownedByOrganisation: boolean): Repository {
    const number = random.skewed(repositories);
    const group = number - (number % 4);
    return this.repository(ownedByOrganisation ? group : group + 1 + (number % 3));
  }

  repository(number: number): Repository {
    return this.#repositories.get(number, () => {
      const random = new Random(mix(this.seed, 14, number));
      const owner = number % 4 === 0 ? this.organisation(random.skewed(organisations)) : this.user(random.below(users));
      const name = repositoryName(random, owner);
      // Popular numbers are the small ones, as `anyRepository` draws them.
      const weight = Math.floor(90_000 / (1 + number * random.unit()));
      return {
        number,
        id: 4_000_037 + number * 1_171 + random.below(1_171),
        name,
        fullName: `${owner.login}/${name}`,
        owner,
        description: random.chance(0.6) ? headline(random) : null,
        homepage: random.chance(0.2) ? `https://${name.toLowerCase()}.example.org` : random.chance(0.3) ? "" : null,
        language: random.chance(0.88) ? random.pick(languages) : null,
        license: random.chance(0.42) ? random.pick(licenses) : null,
        topics: random.chance(0.2) ? Array.from({ length: random.between(1, 6) }, () => noun(random)) : [],
        defaultBranch: random.chance(0.55) ? "main" : random.chance(0.9) ? "master" : "develop",
        createdMs: Date.UTC(2009, 0, 1) + random.below(60_000) * 3_600_000,
        weight,
      };
    });
  }
}

function repositoryName(random: Random, owner: Account): string {
  const chance = random.unit();
  if (chance < 0.06) return `${owner.login}.github.io`;
  if (chance < 0.12) return owner.login;
  const name = `${noun(random)}${random.pick(["-", "-", "_", ""])}${noun(random)}`;
  return random.chance(0.2) ? `${capital(name)}${random.below(30)}` : name;
}
