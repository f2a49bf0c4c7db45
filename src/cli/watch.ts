import type { App, RunSummary } from "../answers.ts";
import { asFailure, type Failure } from "../errors.ts";
import { type Call, type Command, noArguments } from "./command.ts";
import { newMetrics } from "./metrics.ts";
import { withApp } from "./open.ts";
import { text, whole } from "./option.ts";
import { startReporting, unitsOf } from "./reporting.ts";
import { readSelection, selectionOptions } from "./selection.ts";
import { failureJson, renderFailure } from "./terminal/failure.ts";
import { startWatchServer } from "./watch-server.ts";

const { only, select, max } = selectionOptions;
const server = {
  host: text("host", "HOST", "where health and metrics are served", { fallback: "watch.host, 127.0.0.1" }),
  port: whole("port", "PORT", "the port; 0 takes a free one", 0, { fallback: "watch.port, 9464" }),
} as const;

export const watch: Command = {
  name: "watch",
  purpose: "the same for ever, with health and metrics",
  usage: ["watch [options]"],
  arguments: noArguments,
  options: [only, select, max, ...Object.values(server)],
  examples: [
    ["watch", "look every interval of the sources, and sooner when something is due"],
    ["watch --only convert --log json", "one stage, with a log for machines"],
    ["watch --host 0.0.0.0 --port 9100", "health and metrics for others than this machine"],
  ],
  notes: [
    "GET /healthz says that the process lives, /readyz that the last pass could work, /metrics is for Prometheus.",
    "SIGTERM and Ctrl-C stop within seconds; a second signal stops at once, which is safe as well.",
  ],
  exitCodes: [
    [130, "stopped by Ctrl-C"],
    [143, "stopped by SIGTERM"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const selection = readSelection(call, app.project);
      const reporting = startReporting(call, unitsOf(app.project), { isLog: true });
      const metrics = newMetrics(call.version, call.now);
      let notReady: string | undefined = "the first pass is not over";
      const { host, port } = app.project.watch;
      const served = await startWatchServer({
        host: call.read(server.host) ?? host,
        port: call.read(server.port) ?? port,
        notReady: () => notReady,
        metrics: metrics.text,
      });
      tellUrl(call, served.url);
      // One look at a time: a slow one must not be overtaken by the next pass's.
      let looking: Promise<void> = Promise.resolve();
      const onPass = (summary: RunSummary): void => {
        metrics.onPass(summary, call.now());
        notReady = summary.exitCode === 5 ? "the last pass could not reach what it needs" : undefined;
        looking = looking.then(() => look(app, call, metrics.onStatus));
      };
      const onFailedPass = (failure: Failure): void => {
        notReady = `the last pass failed: ${failure.message}`;
      };
      try {
        await app.watch({
          ...selection,
          onFailedPass,
          signal: call.signal,
          onPass,
          report: (event) => {
            metrics.onEvent(event);
            reporting.report(event);
          },
        });
      } finally {
        await looking;
        await served.close();
        reporting.stop();
      }
      return 0;
    }),
};

function tellUrl(call: Call, url: string): void {
  if (call.common.log === "json")
    call.err.printJson({ at: new Date(call.now()).toISOString(), code: "watch.listening", url });
  else if (!call.common.quiet) call.err.print(`health and metrics on ${url}   /healthz /readyz /metrics`);
}

/** What exists, for the gauges. That it cannot be looked at just now is told, and does not end the watch. */
async function look(
  app: App,
  call: Call,
  onStatus: (status: Awaited<ReturnType<App["status"]>>) => void,
): Promise<void> {
  try {
    onStatus(await app.status({ signal: call.signal }));
  } catch (error) {
    if (call.signal.aborted) return;
    const failure = asFailure(error, "metrics");
    if (call.common.log === "json") call.err.printJson(failureJson(failure));
    else call.err.print(...renderFailure(failure, { paint: call.err.paint, cwd: call.cwd }));
  }
}
