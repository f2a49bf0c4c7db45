/** The reference of the command line, made from the commands' own declarations. */
import type { Command } from "./command.ts";
import { commandGroups } from "./commands.ts";
import { commonOptionList } from "./common-options.ts";
import type { AnyOption } from "./option.ts";

/** Markdown with every command, option, example and exit code. `npm run docs` writes it, a test compares it. */
export async function commandReference(): Promise<string> {
  const lines = [
    "# Commands",
    "",
    "Generated from the commands' declarations by `npm run docs`. `millrace COMMAND --help` shows the same.",
    "",
    "Every command takes:",
    "",
    ...optionTable(commonOptionList),
  ];
  for (const group of commandGroups) {
    lines.push("", `## ${group.title}`);
    for (const entry of group.commands) lines.push("", ...commandLines(await entry.load()));
  }
  return `${lines.join("\n")}\n`;
}

function commandLines(command: Command): readonly string[] {
  const examples = command.examples.map(([example, says]) => `millrace ${example}\n    # ${says}`);
  return [
    `### ${command.name}`,
    `${command.purpose[0]?.toUpperCase()}${command.purpose.slice(1)}.`,
    "",
    "```",
    ...command.usage.map((usage) => `millrace ${usage}`),
    "```",
    "",
    "```",
    ...examples,
    "```",
    ...(command.options.length === 0 ? [] : ["", ...optionTable(command.options)]),
    ...(command.notes ?? []).flatMap((note) => ["", note]),
    ...(command.exitCodes === undefined
      ? []
      : [
          "",
          "| exit code | |",
          "|---|---|",
          ...command.exitCodes.map(([code, says]) => `| ${code} | ${cell(says)} |`),
        ]),
  ];
}

function optionTable(options: readonly AnyOption[]): readonly string[] {
  const rows = options.map((option) => {
    const short = option.short === undefined ? "" : `-${option.short}, `;
    const placeholder = option.placeholder === undefined ? "" : ` ${option.placeholder}`;
    const repeated = option.isRepeatable ? "; repeatable" : "";
    return `| \`${short}--${option.name}${placeholder}\` | ${cell(option.help)}${repeated} | ${cell(option.fallback ?? "")} |`;
  });
  return ["| option | | default |", "|---|---|---|", ...rows];
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
