/** Tells how far a distribution is: a live line on a terminal, a line now and then elsewhere. */
import type { DistributionProgress } from "../distribution/contract.ts";
import type { Call } from "./command.ts";
import { duration, size } from "./terminal/numbers.ts";
import { visible } from "./terminal/text.ts";
import { startTicker } from "./terminal/ticker.ts";

/** Off a terminal a download says this often how far it is. Milliseconds. */
const tellMs = 5_000;

export interface ProgressTelling {
  tell(progress: DistributionProgress): void;
  stop(): void;
}

/** `subject` stands before the version: `Spark `, or nothing where the version says it. */
export function tellDistribution(call: Call, subject: string): ProgressTelling {
  const { err, common } = call;
  let doing = "";
  let toldMs = Number.NEGATIVE_INFINITY;
  const ticker = startTicker(call, (ms) => `${doing}   ${duration(ms)}`);
  const print = (line: string): void => {
    if (!common.quiet && common.log === "text") err.print(line);
  };
  return {
    tell(progress) {
      doing = sentence(progress, subject);
      const isDownload = progress.code === "install.download";
      if (isDownload && call.now() - toldMs < tellMs) return;
      if (isDownload) toldMs = call.now();
      if (common.log === "json") err.printJson({ at: new Date(call.now()).toISOString(), ...progress });
      else if (progress.code === "server.ready") {
        ticker.stop();
        print(err.paint.quiet(doing));
      } else if (!err.isLive) print(doing);
    },
    stop: ticker.stop,
  };
}

function sentence(progress: DistributionProgress, subject: string): string {
  switch (progress.code) {
    case "install.start":
      return `installing ${subject}${progress.version} in ${visible(progress.directory)}`;
    case "install.download":
      return `${progress.name}   ${size(progress.bytes)} of ${size(progress.total)}`;
    case "install.unpack":
      return `unpacking ${visible(progress.name)}`;
    case "install.done":
      return `${subject}${progress.version} is there after ${duration(progress.ms)}`;
    case "server.start":
      return `starting ${subject}${progress.version}`;
    case "server.ready":
      return `${subject}${progress.version} is ready after ${duration(progress.ms)}   Ctrl-C stops`;
  }
}
