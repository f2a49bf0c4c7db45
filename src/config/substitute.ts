/** `${VAR}` and `${VAR:-default}` in the texts of a project file; `$${` stands for `${` itself. */

/** The variables of a process. Only `environment()` in `read.ts` knows the real ones. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substitution {
  readonly text: string;
  /** What could not be substituted: the offset in the text, and what is wrong there. */
  readonly failed: readonly SubstitutionFailure[];
}

export interface SubstitutionFailure {
  readonly offset: number;
  readonly fact: string;
  readonly remedy: string;
}

const reference = /\$?\$\{([^}]*)(\}|$)/g;
const form = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

export function substitute(text: string, environment: Environment): Substitution {
  if (!text.includes("${")) return { text, failed: [] };
  const failed: SubstitutionFailure[] = [];
  const substituted = text.replace(reference, (whole: string, inner: string, close: string, offset: number) => {
    if (whole.startsWith("$$")) return whole.slice(1);
    const match = form.exec(inner);
    const name = match?.[1];
    if (close === "" || name === undefined) {
      const remedy = `Write \${NAME} or \${NAME:-default}, and $\${ for a literal \${`;
      failed.push({ offset, fact: `"${whole.slice(0, 40)}" is no variable`, remedy });
      return whole;
    }
    const value = environment[name];
    const otherwise = match?.[2];
    if (otherwise !== undefined) return value === undefined || value === "" ? otherwise : value;
    if (value !== undefined) return value;
    failed.push({
      offset,
      fact: `the variable ${name} is not set`,
      remedy: `Set it, or give a default: \${${name}:-…}`,
    });
    return whole;
  });
  return { text: substituted, failed };
}

/** The name, if the text is one `${NAME}` and nothing else: the form that stays a reference in a secret option. */
export function wholeReference(text: string): string | undefined {
  return /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text.trim())?.[1];
}
