/** The demo's project: an ordinary one, whose source is the sample archive on this machine. Pure texts. */
import { scaffold } from "../config/scaffold.ts";
import { SAMPLE_PORT } from "./sample.ts";

/** In the environment: where the sample archive is this time. */
export const SAMPLE_URL_VARIABLE = "MILLRACE_SAMPLE_URL";

/** The first line of a project file that the demo may use again. */
export const DEMO_MARK = "# The project of millrace demo";

export function demoProject(): ReadonlyMap<string, string> {
  const files = new Map(scaffold({ name: "demo" }));
  files.set("millrace.yaml", projectText);
  return files;
}

const projectText = `${DEMO_MARK}: a day of an invented archive. It is an ordinary project and yours to change.
#   millrace status   millrace explain gharchive@2026-03-01-05   millrace schema events
# The archive runs only while the demo does; "millrace sample serve" starts it again.
name: demo
lake: { raw: lake/raw, tables: lake/tables, marts: lake/marts }

sources:
  gharchive:
    url: \${${SAMPLE_URL_VARIABLE}:-http://127.0.0.1:${SAMPLE_PORT}}/{yyyy}-{MM}-{dd}-{H}.json.gz
    object: gharchive/{yyyy}/{MM}/{dd}/{HH}.json.gz
    every: hour
    since: 2026-03-01
    until: 2026-03-02

tables:
  events:
    from: gharchive
    # Columns that the marts name, so that they exist although an hour has none of them.
    columns:
      actor.login: string
      actor.display_login: string
      org.login: string
      repo.name: string
      type: string
      payload.action: string

marts:
  activity:
    description: Who did what to which repository
    select: >-
      actor.login as actor, actor.display_login as actor_display, org.login as org,
      repo.name as repo, type, payload.action, src
    from: events
    checks: { not_null: [actor, type], min_rows: 1 }
  pushes:
    description: Pushes of every repository by day
    sql: marts/pushes.sql
    checks: { not_null: [repo, day], unique: [repo, day] }
`;
