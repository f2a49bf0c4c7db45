import type { App } from "../answers.ts";
import { Failure } from "../errors.ts";
import { nearest } from "../model/nearest.ts";
import type { HiveSettings } from "../model/project.ts";
import type { Call, Command } from "./command.ts";
import { withApp } from "./open.ts";
import { flag, text } from "./option.ts";
import { renderExport, renderListing, renderRollback, renderVersions } from "./terminal/catalog-report.ts";
import { count, size } from "./terminal/numbers.ts";
import type { ReportOptions } from "./terminal/report.ts";
import { shareLine } from "./terminal/share-line.ts";
import { startTicker } from "./terminal/ticker.ts";

const options = {
  dryRun: flag("dry-run", "rollback, export: check everything and write nothing"),
  to: text("to", "WHERE", "export: hive://HOST:PORT/DATABASE, several hosts by commas, or embedded", {
    fallback: "the project's catalog",
  }),
  drop: flag("drop", "export: take the names of this lake out of the metastore; its files stay"),
  dropFormer: flag(
    "drop-former",
    "export: take away the names of marts where the project has none (they moved, or are gone)",
  ),
  tables: flag("tables", "export: tables too, with their partitions", { fallback: "as catalog.tables says" }),
} as const;

const actions = ["list", "versions", "rollback", "export"] as const;
type Action = (typeof actions)[number];

export const catalog: Command = {
  name: "catalog",
  purpose: "versions of marts and the names other tools find them by",
  usage: [
    "catalog list",
    "catalog versions MART",
    "catalog rollback MART [VERSION] [--dry-run]",
    "catalog export [--to hive://HOST:PORT/DATABASE] [--tables] [--drop] [--dry-run]",
    "catalog export --drop-former [--dry-run]",
    "catalog export --to embedded [--dry-run]",
  ],
  arguments: { least: 1, most: 3, names: actions.join(", ") },
  options: Object.values(options),
  examples: [
    ["catalog list", "every mart and table, the name that other tools know it by, and whether that is up to date"],
    ["catalog versions activity", "the versions that are kept, and which of them could be shown again"],
    ["catalog rollback activity", "back to the version before the current one, for every reader at once"],
    [
      "catalog export --to hive://metastore:9083/gha",
      "register the marts of this lake there, without changing the project",
    ],
    [
      "catalog export --to embedded",
      "is the lake's own log whole? What is missing is written again as far as it can be proved",
    ],
  ],
  notes: [
    "The log of versions in the lake decides, with a metastore and without: names are compared with it and only what differs is done, by every run. Nothing here moves, copies or removes data.",
    "A version is restored only if every byte of it is as its manifest says. The mart is then held: it is not built again until its statement changes or run --rerun asks for it.",
    "export --drop takes the names of this lake out of a metastore again; the files stay. As long as the project names that metastore, the next run registers them anew.",
    "A mart that moves to another database, or leaves the project, keeps its old name, since somebody may still read by it. No run brings it forward, and of a mart that moved gc collects in time what it shows. list tells of such names, also of those that export --to put into another database of this metastore; export --drop-former takes all of them away.",
    "A name that is somebody else's (no table of ours, or of another lake) is never touched.",
  ],
  exitCodes: [
    [0, "done, or nothing was to be done"],
    [1, "the version is gone or damaged, a name is somebody else's, somebody else was faster too often"],
    [2, "no such mart or version, or no metastore was named"],
    [5, "the metastore or a place of the lake cannot be reached"],
  ],
  run: (call) => {
    const [given = "", ...words] = call.words;
    const action = actionOf(given);
    demandTaken(call, action, words);
    return withApp(call, (app) => runs[action](call, app, words));
  },
};

const runs: Readonly<Record<Action, (call: Call, app: App, words: readonly string[]) => Promise<number>>> = {
  async list(call, app) {
    const answer = await app.catalogList({ signal: call.signal });
    if (call.common.json) call.out.printJson(answer);
    else call.out.print(...renderListing(answer, reportOptions(call)));
    return 0;
  },
  async versions(call, app, [mart = ""]) {
    const answer = await app.versions(mart, { signal: call.signal });
    if (call.common.json) call.out.printJson(answer);
    else call.out.print(...renderVersions(answer, call.now(), reportOptions(call)));
    return 0;
  },
  async rollback(call, app, [mart = "", version]) {
    let read = { done: 0, total: 0 };
    const ticker = startTicker(call, (ms) =>
      shareLine({ ...read, ms, width: call.err.width(), text: `${size(read.done)} of ${size(read.total)} compared` }),
    );
    const report = await app
      .rollback(mart, {
        signal: call.signal,
        dryRun: call.read(options.dryRun),
        onProgress: (done, total) => {
          read = { done, total };
        },
        ...(version === undefined ? {} : { version }),
      })
      .finally(ticker.stop);
    if (call.common.json) call.out.printJson(report);
    else call.out.print(...renderRollback(report, reportOptions(call)));
    return 0;
  },
  async export(call, app) {
    const to = call.read(options.to);
    const drop = call.read(options.drop);
    const isFormer = call.read(options.dropFormer);
    const isBack = to === "embedded";
    if (isFormer && (drop || to !== undefined)) {
      throw new Failure("usage", "--drop-former: goes with neither --drop nor --to", {
        remedy: "it looks for names in the project's own metastore; another one's go with --drop --to",
      });
    }
    if (isBack && drop) {
      throw new Failure("usage", "--drop: names are taken out of a metastore, not out of the lake's own log", {
        remedy: "write --to hive://HOST:PORT/DATABASE, or leave --to out for the project's metastore",
      });
    }
    const settings = to === undefined || isBack ? undefined : await metastoreAt(call, app, to);
    let shown = { done: 0, total: 0, text: "" };
    const ticker = startTicker(call, (ms) => shareLine({ ...shown, ms, width: call.err.width() }));
    const report = await app
      .catalogExport(
        {
          action: isBack ? "restore" : isFormer ? "drop-former" : drop ? "drop" : "register",
          dryRun: call.read(options.dryRun),
          onProgress: (done, total, name) => {
            shown = { done, total, text: `${count(done)} of ${count(total)}   ${name}` };
          },
          ...(settings === undefined ? {} : { catalog: settings }),
          ...(call.read(options.tables) ? { tables: true } : {}),
        },
        { signal: call.signal },
      )
      .finally(ticker.stop);
    if (call.common.json) call.out.printJson(report);
    else call.out.print(...renderExport(report, reportOptions(call)));
    return report.exitCode;
  },
};

const reportOptions = (call: Call): ReportOptions => ({ width: call.out.width(), paint: call.out.paint });

function actionOf(given: string): Action {
  const action = actions.find((each) => each === given);
  if (action !== undefined) return action;
  const near = nearest(given, actions);
  throw new Failure("usage", `millrace catalog: expected ${actions.join(", ")}, got "${given}"`, {
    remedy: near === undefined ? "see millrace catalog --help" : `did you mean millrace catalog ${near}?`,
  });
}

/** A word or an option that an action does not take is a slip, and would change nothing. */
function demandTaken(call: Call, action: Action, words: readonly string[]): void {
  const [least, most] = { list: [0, 0], versions: [1, 1], rollback: [1, 2], export: [0, 0] }[action];
  const about = `millrace catalog ${action}`;
  if (least !== undefined && words.length < least) {
    throw new Failure("usage", `${about}: which mart?`, {
      remedy: `write ${about} MART; millrace catalog list names them`,
    });
  }
  if (most !== undefined && words.length > most) throw new Failure("usage", `${about}: takes no "${words[most]}"`);
  const isTaken = { dryRun: action === "rollback" || action === "export" };
  if (call.read(options.dryRun) && !isTaken.dryRun) throw new Failure("usage", `${about}: writes nothing anyway`);
  const ofExport = [options.to, options.drop, options.dropFormer, options.tables].find((option) => {
    const value = call.read<boolean | string | undefined>(option);
    return value !== undefined && value !== false;
  });
  if (ofExport !== undefined && action !== "export")
    throw new Failure("usage", `--${ofExport.name}: belongs to millrace catalog export`);
}

/** The project's settings of a metastore, at another address: read as if the environment had named it. */
async function metastoreAt(call: Call, app: App, url: string): Promise<HiveSettings> {
  const [, hosts, database = ""] = /^hive:\/\/([^/]+)(?:\/([^/]*))?$/.exec(url) ?? [];
  if (hosts === undefined) {
    throw new Failure("usage", `--to: "${url}" is no metastore`, {
      remedy: "write hive://HOST:PORT/DATABASE, or embedded for the lake's own catalog",
    });
  }
  const { readProject } = await import("../config/read.ts");
  const { file, target } = call.common;
  const environment = {
    ...call.env,
    MILLRACE_CATALOG__HIVE: JSON.stringify(hosts.split(",")),
    ...(database === "" ? {} : { MILLRACE_CATALOG__DATABASE: database }),
  };
  try {
    const { catalog: settings } = readProject({ directory: call.cwd, file, target, environment });
    if (settings.kind === "embedded") throw new Failure("bug", "--to: the project names no metastore after all");
    const own = app.project.catalog;
    // A place for another database is not this one's.
    const isSame = own.kind === "hive" && own.database === settings.database;
    return isSame ? settings : { ...settings, location: undefined };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "usage") throw error;
    const { place: _, others: __, ...detail } = error.detail;
    throw new Failure(
      "usage",
      `--to: ${error.message.replace(/^MILLRACE_CATALOG__(?:HIVE|DATABASE)(?:\[\d+\])?: /, "")}`,
      detail,
    );
  }
}
