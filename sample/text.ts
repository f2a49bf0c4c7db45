/** Invented prose, commit messages and code, of the size and repetitiveness that real ones have. */
import type { Random } from "./random.ts";

type Words = readonly [string, ...string[]];

function words(text: string): Words {
  const [first, ...rest] = text.split(/\s+/).filter((word) => word !== "");
  if (first === undefined) throw new RangeError("a word list needs a word");
  return [first, ...rest];
}

const common = words(`the a to of and in is it for on that this with when not be we as are from by or an if but can
  should after now only also so which all no more than has have will was use same there one first then each into out
  up over still some without both before because while`);

const technical = words(`value request handler server client config option test build cache table column index query
  result parser token stream buffer thread queue worker module package version release branch commit merge error
  message field record schema loader writer reader session account button dialog layout theme page route filter sort
  date string number list array map object function method class interface template library service container image
  volume network cluster node job task step pipeline schedule timer retry limit timeout header body cookie form input
  output event listener state store action reducer hook component plugin script command flag argument path file folder
  archive upload download export import report chart metric log trace span alert dashboard label milestone issue
  review comment draft example guide manual license change default fallback wrapper adapter factory helper context
  profile role permission policy secret key certificate signature digest hash lock pool batch shard replica snapshot
  backup migration transaction cursor row partition segment block chunk frame packet socket channel signal`);

const verbs = words(`add fix update remove refactor improve support handle rename move bump revert document simplify
  extract inline replace avoid allow ignore validate check parse render format enable disable restore clean prepare
  rework split reduce speed correct adjust introduce drop expose`);

const scopes = words(`core api ui docs ci build deps parser server client cli web auth db store test infra mobile`);

/** Sentences that are not ASCII, since a converter that cuts or miscounts them must be noticed in the demo already. */
const foreign =
  words(`Größe_überprüfen données_mises_à_jour 修复错误 データを更新 обновить_пример señal_añadida 한국어_문서
  ✅_fertig 🚀_ship_it naïve_façade ž_ščř`).map((text) => text.replaceAll("_", " "));

const extensions = words("ts js py go rs java rb css html md yml json cpp h kt swift php sh");

export const languages = words(
  "TypeScript JavaScript Python Go Rust Java Ruby CSS HTML Shell C++ C PHP Kotlin Swift Dart Vue Dockerfile",
);

export function word(random: Random): string {
  return random.chance(0.45) ? random.pick(common) : random.pick(technical);
}

export function noun(random: Random): string {
  return random.pick(technical);
}

export function sentence(random: Random): string {
  const length = 4 + random.below(13);
  let text = word(random);
  text = text.charAt(0).toUpperCase() + text.slice(1);
  for (let index = 1; index < length; index++) {
    text += ` ${word(random)}`;
    if (random.chance(0.04)) text += ",";
  }
  return `${text}${random.chance(0.9) ? "." : "!"}`;
}

/** One line such as a title: `fix(parser): avoid the cached token in list`. */
export function headline(random: Random): string {
  const verb = random.pick(verbs);
  let text = `${verb} ${random.pick(technical)} ${random.pick(technical)}`;
  const extra = random.below(5);
  for (let index = 0; index < extra; index++) text += ` ${word(random)}`;
  if (random.chance(0.25)) return `${random.pick(["feat", "fix", "chore", "docs"])}(${random.pick(scopes)}): ${text}`;
  if (random.chance(0.03)) return `${text} ${foreign[random.below(foreign.length)] ?? ""}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A commit message: mostly one line, sometimes with a body. */
export function commitMessage(random: Random): string {
  const chance = random.unit();
  if (chance < 0.12) return `Update ${filePath(random)}`;
  if (chance < 0.17) return random.pick(["update", "Add files via upload", "Initial commit", "wip", "."]);
  if (chance < 0.24)
    return `Merge pull request #${random.between(1, 4000)} from ${noun(random)}/${noun(random)}\n\n${headline(random)}`;
  const title = headline(random);
  return chance < 0.4 ? `${title}\n\n${paragraph(random, random.between(1, 5))}` : title;
}

export function paragraph(random: Random, sentences: number): string {
  let text = sentence(random);
  for (let index = 1; index < sentences; index++) text += ` ${sentence(random)}`;
  return text;
}

export function filePath(random: Random): string {
  let path = "";
  for (let depth = random.below(4); depth > 0; depth--) path += `${noun(random)}/`;
  return `${path}${noun(random)}_${noun(random)}.${random.pick(extensions)}`;
}

function codeBlock(random: Random): string {
  let text = "```\n";
  for (let line = random.between(2, 9); line > 0; line--) {
    text += `${"  ".repeat(random.below(3))}${noun(random)}.${noun(random)}("${noun(random)}\\n", ${random.below(1000)})\n`;
  }
  return `${text}\`\`\``;
}

/** The description of an issue or pull request in Markdown, CRLF as browsers send it; 0 … `scale` × about 3 kB. */
export function body(random: Random, scale: number): string {
  const parts: string[] = [];
  if (random.chance(0.35))
    parts.push("## What does this change?", "<!-- Describe the change. Remove what does not apply. -->");
  for (let part = Math.floor(random.unit() * random.unit() * 8 * scale); part >= 0; part--) {
    const kind = random.unit();
    if (kind < 0.55) parts.push(paragraph(random, random.between(1, 3)));
    else if (kind < 0.7) parts.push(list(random));
    else if (kind < 0.82) parts.push(codeBlock(random).replaceAll("\n", "\r\n"));
    else if (kind < 0.92) parts.push(`### ${headline(random)}`);
    else if (kind < 0.95) parts.push(foreign[random.below(foreign.length)] ?? "");
    else parts.push(`Fixes #${random.between(1, 9000)}, see "${filePath(random)}"\tline ${random.between(1, 900)}`);
  }
  return parts.join("\r\n\r\n");
}

function list(random: Random): string {
  const items: string[] = [];
  const checks = random.chance(0.4);
  for (let item = random.between(2, 6); item > 0; item--) {
    items.push(`- ${checks ? random.pick(["[ ] ", "[x] "]) : ""}${headline(random)}`);
  }
  return items.join("\r\n");
}

/** Part of a unified diff, as review comments quote it. */
export function diffHunk(random: Random): string {
  const line = random.between(1, 700);
  let text = `@@ -${line},${random.between(3, 12)} +${line},${random.between(3, 12)} @@ ${noun(random)} ${noun(random)}() {`;
  for (let count = random.between(3, 14); count > 0; count--) {
    text += `\n${random.pick([" ", " ", "+", "-"])}    ${noun(random)}.${noun(random)} = "${noun(random)}\\t" + ${noun(random)}(${random.below(100)});`;
  }
  return text;
}
