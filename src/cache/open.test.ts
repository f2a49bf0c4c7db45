import { cacheContract } from "../../test/contract/cache.ts";
import { openCache } from "./open.ts";

cacheContract("directory", openCache);
