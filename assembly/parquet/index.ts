/**
 * The loops over what a column holds, by which Parquet's pages and limits are made: what `src/parquet/loops.ts` does in TypeScript.
 * All works on memory that is another module's; this one has none of its own and nothing in it.
 */
export { encodeIndices, encodeRuns, packFlags } from "./hybrid";
export {
  distinct,
  encodeInt64s,
  findRange,
  greatest,
  indices,
  least,
  makeDictionary,
  releaseDictionary,
} from "./numbers";
export { countTexts, findExtremes, greatestText } from "./texts";
