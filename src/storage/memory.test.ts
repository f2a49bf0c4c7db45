import { storageContract } from "../../test/contract/storage.ts";
import { memoryStorage } from "./memory.ts";

storageContract("memory", async () => {
  const storage = memoryStorage();
  return { again: () => storage, close: async () => undefined };
});
