/** The server's figures of a running statement as one share that only grows. */
import type { Progress } from "../../spark-connect/contract.ts";

export interface ShareReport {
  /** The tables are in place: their files were listed, and looked into where they lie here. */
  begin(): void;
  onProgress(progress: Progress): void;
  end(): void;
}

const BEGUN = 0.05;
/** What is left for the end: stages are planned while others run, so that all known tasks are rarely all tasks. */
const RUNNING_MAX = 0.99;

export function shareReport(report: ((share: number) => void) | undefined): ShareReport {
  let last = 0;
  const tell = (share: number): void => {
    if (share <= last) return;
    last = share;
    report?.(share);
  };
  return {
    begin: () => tell(BEGUN),
    onProgress: ({ tasks, tasksDone }) => {
      if (tasks > 0) tell(BEGUN + ((RUNNING_MAX - BEGUN) * tasksDone) / tasks);
    },
    end: () => tell(1),
  };
}
