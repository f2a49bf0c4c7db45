import { type Command, noArguments } from "./command.ts";

export const version: Command = {
  name: "version",
  purpose: "the version, and what it runs on",
  usage: ["version", "--version"],
  arguments: noArguments,
  options: [],
  examples: [
    ["version", "millrace, Node, the platform"],
    ["version --json", "the same for a bug report"],
    ["--version", "the version alone, without loading anything"],
  ],
  notes: ["millrace doctor shows the version of the SQL engine as well, and whether everything works."],
  run(call) {
    const { version: node, platform, arch } = process;
    if (call.common.json) call.out.printJson({ millrace: call.version, node, platform, arch });
    else call.out.print(`millrace ${call.version}`, `node ${node} on ${platform} ${arch}`);
    return Promise.resolve(0);
  },
};
