/** What is used of the WebAssembly API, which the compiler's types know only together with those of a browser. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => ModuleMemory;
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (module: CompiledModule, imports: object) => { readonly exports: unknown };
  readonly RuntimeError: ErrorConstructor;
  readonly validate: (bytes: Uint8Array) => boolean;
};

/** An instance's memory. Another `buffer` is answered after it has grown; views of the former one stay good. */
export interface ModuleMemory {
  readonly buffer: SharedArrayBuffer;
}

/** A compiled module. */
export type CompiledModule = object;

/** Compiles a module in base64; answers null where it cannot be run: without SIMD. */
export function compileModule(text: string): CompiledModule | null {
  const bytes = Buffer.from(text, "base64");
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

/**
 * Memory of at most `pagesMax` pages of 64 KiB, or null where so much address space is not to be had. It is shared, though
 * only one thread uses it: shared memory grows without taking views of it away, so that what holds a view need not ask for
 * another after every call.
 */
export function newMemory(pages: number, pagesMax: number): ModuleMemory | null {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pagesMax, shared: true });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Answers what the module exports. */
export function instantiate(module: CompiledModule, imports: object): unknown {
  return new WebAssembly.Instance(module, imports).exports;
}

/**
 * Whether a module ended because its memory could not grow, which ours say by the only trap that they have. Nothing of what
 * they hold can be used any more.
 */
export function isMemoryExhausted(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError && error.message === "unreachable";
}

/** Memory in which one module has laid something down, for others that work on it; blocks are the former's to give. */
export interface SharedMemory {
  readonly memory: ModuleMemory;
  /** Answers the address of a block of so many bytes, with anything in them. */
  allocate(size: number): number;
  release(block: number, size: number): void;
}
