/** Help that teaches by example: the overview of the chain, and one page a command. */
import type { Command } from "./command.ts";
import type { CommandGroup } from "./commands.ts";
import { commonOptionList } from "./common-options.ts";
import type { AnyOption } from "./option.ts";
import type { Paint } from "./terminal/paint.ts";
import { displayWidth, padEnd, wrap } from "./terminal/text.ts";

export interface HelpOptions {
  readonly width: number;
  readonly paint: Paint;
}

const indent = "  ";

/** What `millrace` alone says. */
export function renderOverview(
  groups: readonly CommandGroup[],
  version: string,
  options: HelpOptions,
): readonly string[] {
  const { paint } = options;
  const widest = Math.max(...groups.flatMap((group) => group.commands.map((command) => command.name.length)));
  const chain =
    options.width < 64
      ? ["  source → raw → table → mart", "  collect, convert, marts"]
      : [
          `  source ${paint.quiet("──")} collect ${paint.quiet("─▶")} raw ${paint.quiet("──")} convert ${paint.quiet("─▶")} table ${paint.quiet("──")} marts ${paint.quiet("─▶")} mart`,
          paint.quiet("  an archive           its bytes,         Parquet,         results of SQL,"),
          paint.quiet("  of hourly files      verified           one schema       replaced whole"),
        ];
  const commands = groups.flatMap((group) => [
    "",
    group.title,
    ...group.commands.flatMap((command) =>
      pair(paint.accent(padEnd(command.name, widest)), widest, command.purpose, options.width),
    ),
  ]);
  return [
    `millrace ${version}   hourly JSON archives in, queryable tables and marts out`,
    "",
    ...chain,
    ...commands,
    "",
    ...wrap("Each shows examples with --help. See also millrace help exit-codes, environment, keys.", options.width),
  ];
}

export function renderHelp(command: Command, options: HelpOptions): readonly string[] {
  const { width, paint } = options;
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ["", title, ...lines];
  return [
    ...wrap(`millrace ${command.name}: ${command.purpose}`, width),
    ...section(
      "Usage",
      command.usage.map((usage) => `${indent}millrace ${usage}`),
    ),
    ...section("Examples", examples(command, options)),
    ...section("Options", optionLines(command.options, options)),
    ...section("Options of every command", optionLines(commonOptionList, options)),
    ...section("Exit codes", exitCodes(command.exitCodes ?? [], options)),
    ...(command.notes ?? []).flatMap((note) => ["", ...wrap(note, width).map((line) => paint.quiet(line))]),
  ];
}

/** Command and explanation side by side where there is room; otherwise the explanation goes first, as a comment does. */
function examples(command: Command, { width, paint }: HelpOptions): readonly string[] {
  const commands = command.examples.map(([text]) => `millrace ${text}`);
  const widest = Math.max(...commands.map(displayWidth));
  const says = Math.max(...command.examples.map(([, text]) => displayWidth(text)));
  const isBeside = indent.length + widest + 3 + says <= width;
  return command.examples.flatMap(([, text], index) => {
    const line = commands[index] ?? "";
    if (isBeside) return [`${indent}${paint.accent(padEnd(line, widest))}   ${text}`];
    return [
      ...wrap(`# ${text}`, width - indent.length).map((each) => paint.quiet(indent + each)),
      indent + paint.accent(line),
    ];
  });
}

function optionLines(all: readonly AnyOption[], { width, paint }: HelpOptions): readonly string[] {
  const heads = all.map(
    (option) =>
      `${option.short === undefined ? "    " : `-${option.short}, `}--${option.name}${option.placeholder === undefined ? "" : ` ${option.placeholder}`}`,
  );
  const widest = Math.min(30, Math.max(0, ...heads.map(displayWidth)));
  return all.flatMap((option, index) => {
    const fallback = option.fallback === undefined ? "" : ` (default: ${option.fallback})`;
    const repeat = option.isRepeatable ? "; may be repeated" : "";
    const head = heads[index] ?? "";
    return pair(
      paint.accent(padEnd(head, widest)),
      Math.max(widest, displayWidth(head)),
      `${option.help}${repeat}${fallback}`,
      width,
      widest,
    );
  });
}

const exitCodes = (codes: readonly (readonly [number, string])[], { width }: HelpOptions): readonly string[] =>
  codes.flatMap(([code, says]) => pair(String(code).padStart(3), 3, says, width));

/** A head and its explanation, wrapped beside it or, when the head is too wide for its column, below it. */
export function pair(
  head: string,
  headWidth: number,
  text: string,
  width: number,
  column = headWidth,
): readonly string[] {
  const left = indent.length + column + 2;
  const room = width - left;
  if (room < 24)
    return [indent + head.trimEnd(), ...wrap(text, Math.max(16, width - 6)).map((line) => `      ${line}`)];
  const lines = wrap(text, room).map((line) => " ".repeat(left) + line);
  if (headWidth > column) return [indent + head, ...lines];
  return lines.map((line, index) => (index === 0 ? `${indent}${head}  ${line.slice(left)}` : line));
}
