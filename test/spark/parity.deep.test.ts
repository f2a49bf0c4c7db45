/** Random portable statements in the number of runs that the deep area sets (`FC_RUNS`). */
import "../parity/random.test.ts";
