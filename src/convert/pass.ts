/** One pass over an input: shreds its lines, writes row groups as they fill, and completes the file. */
import { Failure } from "../errors.ts";
import type { Schema } from "../model/schema.ts";
import { type Departure, missedShapes } from "../shred/file-schema.ts";
import type { Hints } from "../shred/settle.ts";
import { Shredder } from "../shred/shredder.ts";
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

/** Answers the result or, where earlier rows would have had to be read otherwise, hints for another pass. */
export async function runPass(options: PassOptions): Promise<PassResult | { readonly newHints: Hints }> {
  const { request, openOutput = (path) => new OutputFile(path) } = options;
  const output = openOutput(request.output);
  const rejects = new Rejects(request.rejects);
  try {
    const pass = new Pass(options, output, rejects);
    const bytesIn = await pass.read();
    const newHints = pass.newHints();
    if (newHints.size > 0) return { newHints };
    const result = { ...pass.complete(), bytesIn };
    rejects.finish();
    options.accept?.(result);
    output.finish();
    return result;
  } finally {
    output.discard();
    rejects.discard();
  }
}

class Pass {
  readonly #options: PassOptions;
  readonly #shredder: Shredder;
  readonly #writer: GroupWriter;
  readonly #rejects: Rejects;

  constructor(options: PassOptions, output: Output, rejects: Rejects) {
    this.#options = options;
    this.#rejects = rejects;
    const { settings, known } = options.request;
    this.#writer = new GroupWriter((bytes) => output.write(bytes), settings.compression);
    this.#shredder = new Shredder(
      { ...settings, known },
      {
        hints: options.hints,
        groupBytes: options.groupBytes,
        sealTexts: (texts) => this.#writer.sealTexts(texts),
        onReject: (rejected) => rejects.add(rejected),
        onGroup: () => this.#writeGroup(),
      },
    );
  }

  async read(): Promise<number> {
    const { request, stopwatch, onChunk, openInput = openTextInput } = this.#options;
    const input = await openInput(request.input.file);
    try {
      for await (const chunk of input.chunks) {
        onChunk(input.bytesRead());
        stopwatch.measure("shred", () => this.#shredder.push(chunk));
      }
      stopwatch.measure("shred", () => this.#shredder.end());
      onChunk(input.bytesRead());
      return input.bytesRead();
    } finally {
      input.close();
    }
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

/** Runs passes until one needs no further hint: one as a rule, two if the file is in conflict with itself. */
export async function runPasses(
  options: Omit<PassOptions, "hints">,
): Promise<PassResult & { readonly passes: number }> {
  const hints = new Map<string, "double" | "text" | "shape">();
  for (let passes = 1; passes <= PASSES_MAX; passes++) {
    const result = await runPass({ ...options, hints });
    if (!("newHints" in result)) return { ...result, passes };
    for (const [path, hint] of result.newHints) hints.set(path, hint);
  }
  throw new Failure("bug", `${options.request.input.file}: its columns did not settle in ${PASSES_MAX} passes`);
}
