/** The server's figures of a running statement as one share that only grows. */
import type { Progress } from "../../spark-connect/contract.ts";

export interface ShareReport {
  onProgress(progress: Progress): void;
  end(): void;
}

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
    onProgress: ({ tasks, tasksDone }) => tell(tasks === 0 ? 0 : (RUNNING_MAX * tasksDone) / tasks),
    end: () => tell(1),
  };
}
