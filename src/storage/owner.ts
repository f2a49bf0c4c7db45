/**
 * Who owns a scratch directory, in a form that a later process can check: a process id alone is reused, and means
 * nothing on another machine, in another container or after a reboot.
 */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { systemCode } from "./durable.ts";

export interface Owner {
  /**
   * Digest of host name, boot and process-id namespace: only where all are equal does a process id mean anything. A
   * digest, because it is kept beside data that may be shared.
   */
  readonly host: string;
  readonly pid: number;
  /** Start of the process in the kernel's ticks since boot; empty where it cannot be read. */
  readonly started: string;
}

function readable(read: () => string): string {
  try {
    return read().trim();
  } catch (error) {
    if (systemCode(error) !== undefined) return "";
    throw error;
  }
}

/** Field 22 of `/proc/<pid>/stat`, counted behind the program's name, which may hold spaces and parentheses. */
function startOf(pid: number): string {
  const text = readable(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

let self: Owner | undefined;

export function thisProcess(): Owner {
  self ??= {
    host: createHash("sha256")
      .update(`${hostname()}\n`)
      .update(`${readable(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1"))}\n`)
      .update(readable(() => readlinkSync("/proc/self/ns/pid")))
      .digest("hex")
      .slice(0, 16),
    pid: process.pid,
    started: startOf(process.pid),
  };
  return self;
}

/** `unknown` for an owner on another host: nothing can be asked there. */
export function stateOf(owner: Owner): "alive" | "gone" | "unknown" {
  if (owner.host !== thisProcess().host) return "unknown";
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return "gone";
    // EPERM: the process lives and belongs to another user.
    if (systemCode(error) !== "EPERM") throw error;
  }
  const started = startOf(owner.pid);
  return started === owner.started || started === "" || owner.started === "" ? "alive" : "gone";
}

export function ownerText(owner: Owner): string {
  return JSON.stringify(owner);
}

export function parseOwner(text: string): Owner | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return undefined;
  const { host, pid, started } = { host: undefined, pid: undefined, started: undefined, ...value };
  if (typeof host !== "string" || typeof started !== "string") return undefined;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  return { host, pid, started };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
