/** What is used of the WebAssembly API, which the compiler's types know only together with those of a browser. */
declare const WebAssembly: Api | undefined;

interface Api {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => ModuleMemory;
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (module: CompiledModule, imports: object) => { readonly exports: unknown };
  readonly RuntimeError: ErrorConstructor;
  readonly validate: (bytes: Uint8Array) => boolean;
}

/** A process that may make no programs, as under `--jitless`, has none. */
const api = typeof WebAssembly === "undefined" ? undefined : WebAssembly;

/** An instance's memory. Another `buffer` is answered after it has grown; views of the former one stay good. */
export interface ModuleMemory {
  readonly buffer: SharedArrayBuffer;
}

/** A compiled module. */
export type CompiledModule = object;

/** Compiles a module in base64; answers null where it cannot be run: without WebAssembly, or its SIMD. */
export function compileModule(text: string): CompiledModule | null {
  const bytes = Buffer.from(text, "base64");
  return api?.validate(bytes) === true ? new api.Module(bytes) : null;
}

/**
 * Memory of at most `pagesMax` pages of 64 KiB, or null where so much address space is not to be had. It is shared, though
 * only one thread uses it: shared memory grows without taking views of it away, so that what holds a view need not ask for
 * another after every call.
 */
export function newMemory(pages: number, pagesMax: number): ModuleMemory | null {
  if (api === undefined) return null;
  try {
    return new api.Memory({ initial: pages, maximum: pagesMax, shared: true });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Answers what the module exports. */
export function instantiate(module: CompiledModule, imports: object): unknown {
  if (api === undefined) throw new RangeError("a module without WebAssembly");
  return new api.Instance(module, imports).exports;
}

/**
 * Whether a module ended because its memory could not grow, which ours say by the only trap that they have. Nothing of what
 * they hold can be used any more.
 */
export function isMemoryExhausted(error: unknown): boolean {
  return api !== undefined && error instanceof api.RuntimeError && error.message === "unreachable";
}

/** Memory in which one module has laid something down, for others that work on it; blocks are the former's to give. */
export interface SharedMemory {
  readonly memory: ModuleMemory;
  /** Answers the address of a block of so many bytes, with anything in them. */
  allocate(size: number): number;
  release(block: number, size: number): void;
}
