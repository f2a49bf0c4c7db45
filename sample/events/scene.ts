/** What every event builder is given, and the small pieces that all of them write. */
import type { Era } from "../era.ts";
import type { Random } from "../random.ts";
import type { Account, Repository, World } from "../world.ts";

/** A value for JSON.stringify: a field that is `undefined` is left out, which is how eras omit fields. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** One event about to be written. */
export interface Scene {
  readonly random: Random;
  readonly era: Era;
  readonly world: World;
  readonly atMs: number;
  readonly actor: Account;
  readonly repository: Repository;
}

export const api = "https://api.github.com";
export const site = "https://github.com";

export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A moment before `atMs`, mostly recent. */
export function earlier(random: Random, atMs: number, longestMs: number): number {
  const unit = random.unit();
  return atMs - Math.floor(unit * unit * unit * longestMs);
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** GraphQL's identifier of an object: `MDQ6VXNlcjE=` in the old form, `U_kgDOAAAAAQ` in the new one. */
export function nodeId(era: Era, typeName: string, prefix: string, id: number): string | undefined {
  if (!era.has("nodeIds")) return undefined;
  if (!era.has("shortNodeIds")) {
    return Buffer.from(`0${typeName.length}:${typeName}${id}`, "latin1").toString("base64");
  }
  const bytes = Buffer.alloc(6);
  bytes[0] = 0x92;
  bytes[1] = 0xce;
  bytes.writeUInt32BE(id % 0x1_0000_0000, 2);
  return `${prefix}_${bytes.toString("base64url")}`;
}

const associations = ["NONE", "CONTRIBUTOR", "OWNER", "MEMBER", "COLLABORATOR"] as const;

/** What the author is to the repository. */
export function association(scene: Scene, author: Account): string | undefined {
  if (!scene.era.has("associations")) return undefined;
  if (author.login === scene.repository.owner.login) return "OWNER";
  return scene.random.pick(associations);
}

/** The eight kinds of reaction, nearly always all zero. */
export function reactions({ era, random }: Scene, url: string): JsonObject | undefined {
  if (!era.has("reactions")) return undefined;
  const some = random.chance(0.04);
  const count = (): number => (some ? random.below(3) : 0);
  const [up, down, laugh, hooray, confused, heart, rocket, eyes] = [
    count(),
    count(),
    count(),
    count(),
    count(),
    count(),
    count(),
    count(),
  ];
  return {
    url: `${url}/reactions`,
    total_count: up + down + laugh + hooray + confused + heart + rocket + eyes,
    "+1": up,
    "-1": down,
    laugh,
    hooray,
    confused,
    heart,
    rocket,
    eyes,
  };
}
