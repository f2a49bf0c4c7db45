/** What `millrace init` writes: a project that works at once, as pure texts. */

export interface ScaffoldRequest {
  /** Of the project: small letters, digits, `-` and `_`. */
  readonly name: string;
  /** Another archive with the same lines and file names, for example a local sample. */
  readonly url?: string;
  /** How far to look back. */
  readonly since?: string;
}

const defaultUrl = "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz";

/** The files by their path relative to the project's directory. */
export function scaffold({ name, url = defaultUrl, since = "1d" }: ScaffoldRequest): ReadonlyMap<string, string> {
  return new Map([
    ["millrace.yaml", projectText(name, url, since)],
    ["marts/pushes.sql", pushesSql],
    [".gitignore", gitignore],
  ]);
}

/** A text as YAML: as it is where that means the same, otherwise in quotes. */
function scalar(text: string): string {
  return /^[A-Za-z0-9./~][^\s#"']*[^\s#"':]$/.test(text) ? text : JSON.stringify(text);
}

const gitignore = `# The lake and what millrace remembers about it; both can be made again from the source.
/lake/
/.millrace/
`;

const pushesSql = `-- Pushes of every repository by day. The file is named in millrace.yaml under marts.pushes.sql.
-- A table has the columns of its JSON, nested as they are (actor.login), and src: the hour of the file as text.
select
  repo.name as repo,
  substr(src, 1, 10) as day,
  count(*) as pushes,
  count(distinct actor.login) as actors
from events
where type = 'PushEvent'
group by repo.name, substr(src, 1, 10)
`;

function projectText(name: string, url: string, since: string): string {
  return `# A millrace project: files land in the raw lake, become Parquet tables, become marts.
#   millrace plan     what would be done, and why
#   millrace run      do it; running again does only what is missing
#   millrace query "select type, count(*) from activity group by 1"
# Lines that begin with # show a default. Every key: docs/reference/project-file.md
name: ${name}

# The three places. They may be anywhere, but not inside each other.
lake:
  raw: lake/raw          # the source's files, byte for byte
  tables: lake/tables    # Parquet, one partition for each file
  marts: lake/marts      # published results and their catalog

sources:
  gharchive:
    # Tokens: {yyyy} {MM} {dd} {HH} with a zero in front, {M} {d} {H} without. All times are UTC.
    url: ${scalar(url)}
    # The key of each file in the raw lake.
    object: gharchive/{yyyy}/{MM}/{dd}/{HH}.json.gz
    every: hour
    # How far to look back: a duration, or an instant such as 2015-01-01. Start small: an hour is about 100 MB.
    since: ${scalar(since)}
    # A file that is missing for longer than this is a gap and an error; before, it is only not there yet.
    settle: 6h
    # interval: 5m         # how often "millrace watch" looks for new files
    # parallel: 4          # downloads side by side
    # retry: 4             # tries again after a failure that may pass
    # rate: none           # most bytes a second, for example 20MB
    # max: none            # most files in one pass
    # order: oldest        # or newest
    # keep: forever        # how long files stay in the raw lake, for example 365d
    # headers: { Authorization: env:ARCHIVE_TOKEN }    # a secret is only named, never written here
    # Hours that the archive never had: they are no gaps. A range includes its last hour.
    known_missing:
      - 2016-10-21T18
      - 2018-10-21T23..2018-10-22T01
      - 2019-05-08T12..2019-05-08T13
      - 2019-09-12T08..2019-09-13T05
      - 2020-03-05T22
      - 2020-06-10T12..2020-06-10T21
      - 2020-08-21T09..2020-08-23T15
      - 2021-08-25T17..2021-08-27T22

tables:
  events:
    from: gharchive
    # Before 2015 the archive had another shape; it deserves a table of its own.
    since: 2015-01-01
    # Types come from the data. Declared here are the columns that the marts name, so that they exist although an hour
    # (or all of a small sample) has none: many events have no org and no payload.action.
    columns:
      actor.login: string
      actor.display_login: string
      org.login: string
      repo.name: string
      type: string
      payload.action: string
    # rejects_max: 0.1%    # more broken lines than this hold a file back
    # conflicts: hold      # a struct that meets a scalar: hold the file back, or make the column text
    # on_widen: ask        # a wider type that would rewrite more than rewrite_max partitions: ask, rewrite or quarantine
    # rewrite_max: 200

marts:
  # Columns of one table: select and from.
  activity:
    description: Who did what to which repository
    select: >-
      actor.login as actor, actor.display_login as actor_display, org.login as org,
      repo.name as repo, type, payload.action, src
    from: events
    refresh: on_change     # or manual, or a duration such as 1h
    # A version that breaks a check is not published; the one before stays.
    checks: { not_null: [actor, type], min_rows: 1 }

  # Any statement over the tables, here in a file.
  pushes:
    description: Pushes of every repository by day
    sql: marts/pushes.sql
    checks: { not_null: [repo, day], unique: [repo, day], expression: pushes > 0 }

# engine:
#   threads: auto
#   memory: 2GB

# watch:                   # health and metrics of "millrace watch"
#   host: 127.0.0.1
#   port: 9464

# gc:                      # what "millrace gc" leaves alone
#   retention: 7d
#   versions: 2            # of each mart

# cache:                   # local copies of what lies in buckets
#   directory: .millrace/cache
#   max: 10GB

# Variants of this file for other places; "millrace --target server run" chooses one.
# targets:
#   server:
#     lake: { raw: /data/gha/raw, tables: /data/gha/tables, marts: /data/gha/marts }
#     sources: { gharchive: { since: 2015-01-01 } }
#   prod:                  # buckets of S3; "millrace --target prod doctor" tests the store, "lake policy" prints the rights
#     lake: { raw: s3://gha-raw, tables: s3://gha-tables, marts: s3://gha-marts }
#     s3:
#       endpoint: https://s3.example.org    # without it AWS, which needs a region
#       region: us-east-1
#       access_key: env:LAKE_ACCESS_KEY     # without keys: environment, ~/.aws, web identity, instance
#       secret_key: env:LAKE_SECRET_KEY
`;
}
