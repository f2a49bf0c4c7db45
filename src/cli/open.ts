/** Opens the project that the command line means; its parts are loaded only now. */
import type { App } from "../answers.ts";
import type { Call } from "./command.ts";

/** Opens the project, does the work, and closes it again whatever happened. */
export async function withApp<T>(call: Call, work: (app: App) => Promise<T>): Promise<T> {
  // Side by side: reading the project takes as long as loading what works on it.
  const [{ readProject }, { openApp }] = await Promise.all([import("../config/read.ts"), import("../app.ts")]);
  const project = readProject({
    directory: call.cwd,
    file: call.common.file,
    target: call.common.target,
    environment: call.env,
  });
  const app = await openApp(project, { version: call.version });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
