/** The metastore that the tests of a file share, and why there is none. */
import { type MetastoreServer, metastoreServer } from "../real/metastore-server.ts";

let why: string | undefined;

/** `undefined` where the machine has none. */
export const server: MetastoreServer | undefined = await metastoreServer({
  skip: (text) => {
    why = text;
  },
});

/** For `describe` and `test`. */
export const skipping: { readonly skip?: string } = server === undefined ? { skip: why ?? "no metastore" } : {};
