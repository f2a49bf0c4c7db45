/** One pass over an input: shreds its lines, writes row groups as they fill, and completes the file. */
import { Failure } from "../errors.ts";
import type { Schema } from "../model/schema.ts";
import { openLoops } from "../parquet/open-loops.ts";
import { type Departure, missedShapes } from "../shred/file-schema.ts";
import type { RowsBy } from "../shred/rows.ts";
import type { Hints } from "../shred/settle.ts";
import { Shredder } from "../shred/shredder.ts";
import { isMemoryExhausted } from "../webassembly.ts";
import type { ConvertRequest } from "./contract.ts";
import { GroupWriter } from "./group-writer.ts";
import { openTextInput, type TextInput } from "./input-stream.ts";
import { type Output, OutputFile } from "./output-file.ts";
import { completeProvenance, withSum } from "./provenance.ts";
import { type RejectSample, Rejects } from "./rejects.ts";
import type { Stopwatch } from "./stopwatch.ts";

export interface PassOptions {
  readonly request: ConvertRequest;
  readonly hints: Hints;
  readonly groupBytes: number;
  readonly converter: string;
  readonly stopwatch: Stopwatch;
  /** See `ShredderOptions`. */
  readonly rows?: RowsBy | undefined;
  readonly memoryPagesMax?: number | undefined;
  /** Other than `openTextInput` for streams. Called once a pass. */
  readonly openInput?: (file: string) => Promise<TextInput>;
  /** Other than a file for sinks. Called once a pass. */
  readonly openOutput?: (path: string) => Output;
  /** Throws for a result that must not be published. The rejected lines are written all the same. */
  readonly accept?: (result: PassResult) => void;
  /** Called after each chunk with the bytes of input so far; throws to stop. */
  readonly onChunk: (bytesIn: number) => void;
}

export interface PassResult {
  readonly rows: number;
  readonly rejected: number;
  readonly rejectSamples: readonly RejectSample[];
  readonly schema: Schema;
  readonly departures: readonly Departure[];
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly bytesIn: number;
  readonly bytesJson: number;
  readonly bytesOut: number;
}

/** What another pass over the same input must do otherwise. */
export interface Repetition {
  readonly newHints: Hints;
  /** The way to make rows that needs no memory of its own kind, where that was not enough. */
  readonly rows?: "typescript";
}

/** Answers the result or, where rows would have had to be read otherwise, what another pass must know. */
export async function runPass(options: PassOptions): Promise<PassResult | Repetition> {
  const { request, openOutput = (path) => new OutputFile(path) } = options;
  const output = openOutput(request.output);
  const rejects = new Rejects(request.rejects);
  let pass: Pass | undefined;
  try {
    pass = new Pass(options, output, rejects);
    const bytesIn = await pass.read();
    const newHints = pass.newHints();
    if (newHints.size > 0) return { newHints };
    const result = { ...pass.complete(), bytesIn };
    rejects.finish();
    options.accept?.(result);
    output.finish();
    return result;
  } catch (error) {
    if (!isMemoryExhausted(error)) throw error;
    return { newHints: new Map(), rows: "typescript" };
  } finally {
    pass?.close();
    output.discard();
    rejects.discard();
  }
}

class Pass {
  readonly #options: PassOptions;
  readonly #shredder: Shredder;
  readonly #writer: GroupWriter;
  readonly #rejects: Rejects;
  /** What ended the shredding, though not the reading, if WebAssembly had not the memory for it. */
  #exhaustion: unknown;

  constructor(options: PassOptions, output: Output, rejects: Rejects) {
    this.#options = options;
    this.#rejects = rejects;
    const { settings, known } = options.request;
    this.#shredder = new Shredder(
      { ...settings, known },
      {
        hints: options.hints,
        groupBytes: options.groupBytes,
        sealTexts: (texts) => this.#writer.sealTexts(texts),
        onReject: (rejected) => rejects.add(rejected),
        onGroup: () => this.#writeGroup(),
        rows: options.rows,
        memoryPagesMax: options.memoryPagesMax,
      },
    );
    const loops = openLoops(this.#shredder.memory);
    this.#writer = new GroupWriter((bytes) => output.write(bytes), settings.compression, loops);
  }

  async read(): Promise<number> {
    const { request, onChunk, openInput = openTextInput } = this.#options;
    const input = await openInput(request.input.file);
    try {
      for await (const chunk of input.chunks) {
        onChunk(input.bytesRead());
        this.#shred(() => this.#shredder.push(chunk));
      }
      this.#shred(() => this.#shredder.end());
      onChunk(input.bytesRead());
      if (this.#exhaustion !== undefined) throw this.#exhaustion;
      return input.bytesRead();
    } finally {
      input.close();
    }
  }

  /** Without memory for it nothing is done any more: a stream is remembered for another pass only as far as this one reads. */
  #shred(work: () => void): void {
    if (this.#exhaustion !== undefined) return;
    try {
      this.#options.stopwatch.measure("shred", work);
    } catch (error) {
      if (!isMemoryExhausted(error)) throw error;
      this.#exhaustion = error;
    }
  }

  close(): void {
    this.#shredder.close();
  }

  newHints(): Hints {
    const { newHints, root } = this.#shredder;
    return newHints.size > 0 ? newHints : missedShapes(root, this.#options.hints);
  }

  complete(): Omit<PassResult, "bytesIn"> {
    const { request, stopwatch, converter } = this.#options;
    const { rows, rejected, root, bytes: bytesJson } = this.#shredder;
    if (root.count > 0) this.#writeGroup();
    return stopwatch.measure("write", () => {
      const fileSchema = this.#shredder.fileSchema();
      const schema = fileSchema.schema();
      const rejectedSum = this.#rejects.seal();
      const findings = { rows, rejected, rejectedSum, schema, converter };
      const completed = completeProvenance(request.provenance, findings);
      const createdBy = `millrace version ${converter.replace(/^.*\//, "")} (build ${converter})`;
      const bytesOut = this.#writer.finish(root, schema, completed.keyValues, createdBy);
      const provenance = withSum(completed.provenance, this.#writer.sum);
      const departures = fileSchema.departures();
      const { samples: rejectSamples } = this.#rejects;
      return { rows, rejected, rejectSamples, schema, departures, provenance, bytesJson, bytesOut };
    });
  }

  /** Writes the rows so far as a row group; in a pass whose columns are lost, only forgets them. */
  #writeGroup(): void {
    const shredder = this.#shredder;
    if (shredder.newHints.size === 0) {
      this.#options.stopwatch.measure("write", () => this.#writer.writeGroup(shredder.takeGroup()));
    }
    shredder.clearGroup();
  }
}

/** No file asks for so many passes: each adds hints for paths that had none. */
const PASSES_MAX = 50;

/**
 * Runs passes until one needs no further hint: one as a rule, two if the file is in conflict with itself. Where WebAssembly
 * has not the memory for a pass, that one is run again in TypeScript.
 */
export async function runPasses(
  options: Omit<PassOptions, "hints">,
): Promise<PassResult & { readonly passes: number }> {
  const hints = new Map<string, "double" | "text" | "shape">();
  let { rows } = options;
  for (let passes = 1; passes <= PASSES_MAX; passes++) {
    const result = await runPass({ ...options, hints, rows });
    if (!("newHints" in result)) return { ...result, passes };
    for (const [path, hint] of result.newHints) hints.set(path, hint);
    rows = result.rows ?? rows;
  }
  throw new Failure("bug", `${options.request.input.file}: its columns did not settle in ${PASSES_MAX} passes`);
}
