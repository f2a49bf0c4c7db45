/** Levels made by the module, in its memory. */
import type { LevelMaker, NodeLevels, Runs } from "../levels.ts";
import type { Node } from "../node.ts";
import type { ModuleInstance } from "./module.ts";
import { storeOf } from "./module-node.ts";

/** A level and how often it repeats, 32 bits each. */
const NUMBER_BYTES = 4;

/** Levels of nodes whose columns are the module's. */
export class ModuleLevels implements LevelMaker {
  readonly #instance: ModuleInstance;

  constructor(instance: ModuleInstance) {
    this.#instance = instance;
  }

  constant(level: number, entries: number): Runs {
    return this.#last(this.#instance.exports.constantRuns(level, entries));
  }

  presence({ definition: { pairs, used }, level }: NodeLevels, child: Node): Runs {
    const { exports } = this.#instance;
    return this.#last(exports.presenceRuns(pairs.byteOffset, used * NUMBER_BYTES, level, storeOf(child).address));
  }

  elements(list: Node, presence: Runs, level: number, parent: NodeLevels): NodeLevels {
    const { exports } = this.#instance;
    const { pairs, used } = presence;
    const { repetition: outer } = parent;
    const repeated = parent.repetitionMax + 1;
    const definition = this.#last(
      exports.elementRuns(
        storeOf(list).address,
        ...([pairs.byteOffset, used * NUMBER_BYTES, level, repeated] as const),
        ...([outer?.pairs.byteOffset ?? 0, (outer?.used ?? 0) * NUMBER_BYTES] as const),
      ),
    );
    const { repetitionRuns, repetitionBytes } = exports;
    const repetition = this.#runs(repetitionRuns.value, repetitionBytes.value, definition.entries);
    return { definition, level: level + 1, repetition, repetitionMax: repeated };
  }

  free({ pairs }: Runs): void {
    this.#instance.exports.release(pairs.byteOffset, pairs.byteLength);
  }

  #last(address: number): Runs {
    const { runBytes, runEntries } = this.#instance.exports;
    return this.#runs(address, runBytes.value, runEntries.value);
  }

  #runs(address: number, bytes: number, entries: number): Runs {
    const used = bytes / NUMBER_BYTES;
    return { pairs: new Int32Array(this.#instance.memory.buffer, address >>> 0, used), used, entries };
  }
}
