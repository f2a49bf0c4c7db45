/** The servers of one Hive Metastore as settings of Hadoop have them: `thrift://one:9083,thrift://[::1]:9083`. */
import type { HiveSettings } from "./project.ts";

export function metastoreUris(hosts: HiveSettings["hosts"]): string {
  return hosts.map(({ host, port }) => `thrift://${host.includes(":") ? `[${host}]` : host}:${port}`).join(",");
}
