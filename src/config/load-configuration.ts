// SPDX-License-Identifier: MIT
import { fileError } from "../files/system-error.ts";
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { LineCounter, parseDocument, isMap, isNode, type Document } from "yaml";
import { escapeText } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import { limitExceeded } from "../oci/limits.ts";
import { checkGiven, checkValues } from "./check-values.ts";
import { formatKeyPath, type Configuration, type KeyPath } from "./configuration.ts";
import { explainIssues } from "./explain-issues.ts";
import { projectDirectory } from "./find-configuration.ts";
import { configurationSchema } from "./schema.ts";
import { checkStages } from "./stages/configuration-to-chain.ts";

export interface LoadOptions {
  /**
   * Values that take precedence over the variables of the file. They may also define variables that the file
   * uses without defining them. A variable that does not occur in the file is an error.
   */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

const LARGEST = 4 * 1024 * 1024;

/**
 * Reads and checks `oci-kit.yaml`. An error names file, line, column and key, and says what was expected and
 * what was found. All errors of the file are reported together.
 * @throws OciError `invalid-recipe`; `not-found`, `unreadable` for the file itself
 */
export async function loadConfiguration(
  file: string,
  options: LoadOptions = {},
): Promise<Configuration> {
  return parseConfiguration(await readText(file), file, options);
}

/** As {@link loadConfiguration}, for a text in memory. `file` is used for messages and relative paths. */
export function parseConfiguration(
  text: string,
  file: string,
  options: LoadOptions = {},
): Configuration {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const name = shortName(file);
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [broken] = yaml.errors; // Later errors are mostly consequences of the first.
  if (broken !== undefined) {
    throw invalid(name, [`${at(broken.pos[0])}: ${firstLine(broken.message)}`]);
  }
  const locate = (path: KeyPath): string => `${at(offsetOf(yaml, path))}: ${formatKeyPath(path)}`;
  const parsed = configurationSchema.safeParse(valueOf(yaml, name), { reportInput: true });
  if (!parsed.success) throw invalid(name, explainIssues(parsed.error, locate));
  const wrong = checkValues(parsed.data, locate);
  if (wrong.length > 0) throw invalid(name, wrong);
  const { image, architectures } = parsed.data;
  const directory = projectDirectory(file);
  const { variables = {} } = options;
  checkGiven(variables, parsed.data, name);
  const document = parsed.data;
  const configuration = { file, directory, image, architectures, document, variables, locate };
  const wrongStages = checkStages(configuration);
  if (wrongStages.length > 0) throw invalid(name, wrongStages);
  return configuration;
}

function valueOf(yaml: Document, name: string): unknown {
  try {
    return yaml.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    // The document has an alias without an anchor, or too many aliases.
    throw invalid(name, [`${name}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > LARGEST) {
      throw limitExceeded({ what: file, allowed: LARGEST, got: bytes.length, unit: "bytes" });
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof OciError) throw error;
    if (error instanceof TypeError) {
      throw new OciError("invalid-recipe", `${file}: expected UTF-8 text`, { cause: error });
    }
    throw fileError("unreadable", file, error);
  }
}

/** The position at which a value begins. For a missing value: the position of the nearest value around it. */
function offsetOf(yaml: Document, path: KeyPath): number {
  const parent = path.length === 0 ? undefined : yaml.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => String(key) === String(last));
    if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
  }
  const node = yaml.getIn(path, true);
  if (isNode(node) && node.range) return node.range[0];
  return path.length === 0 ? 0 : offsetOf(yaml, path.slice(0, -1));
}

function firstLine(message: string): string {
  return escapeText(message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, ""));
}

/** The path of the file as people in the project write it. */
function shortName(file: string): string {
  return relative(projectDirectory(file), file);
}

function invalid(name: string, told: readonly string[]): OciError {
  const [first] = told;
  const message =
    told.length === 1 ? first! : `${name}: ${told.length} errors:\n  ${told.join("\n  ")}`;
  return new OciError("invalid-recipe", message, { details: { file: name, errors: told } });
}
