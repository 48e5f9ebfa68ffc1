// SPDX-License-Identifier: MIT
import type * as z from "zod";
import { nearestWord } from "../oci/near-miss.ts";
import type { KeyPath } from "./configuration.ts";
import { configurationSchema } from "./schema.ts";

type Issue = z.core.$ZodIssue;

const MOST = 20;
const WORDS: Readonly<Record<string, string>> = {
  object: "a map",
  record: "a map",
  array: "a list",
  string: "text",
};

/** The errors of a configuration in words, each with its place in the file. At most twenty. */
export function explainIssues(
  error: z.ZodError,
  locate: (path: KeyPath) => string,
): readonly string[] {
  const told = error.issues.flatMap((issue) => explain(issue, [], locate));
  const more = told.length - MOST;
  return more > 0 ? [...told.slice(0, MOST), `and ${more} more`] : told;
}

function explain(issue: Issue, above: KeyPath, locate: (path: KeyPath) => string): string[] {
  const path: KeyPath = [...above, ...issue.path.map(keyOf)];
  switch (issue.code) {
    case "invalid_union":
      return explainUnion(issue, path, locate);
    case "unrecognized_keys":
      return issue.keys.map((key) => `${locate([...path, key])}: unknown key${nearest(key)}`);
    case "invalid_type":
      return [
        `${locate(path)}: expected ${WORDS[issue.expected] ?? issue.expected}, got ${got(issue, issue.expected === "string")}`,
      ];
    case "invalid_value":
      return [explainChoice(issue, locate(path))];
    case "invalid_format":
      return [`${locate(path)}: ${issue.message}, got ${got(issue)}`];
    default:
      return [`${locate(path)}: ${issue.message}`];
  }
}

/**
 * When a value may have several forms, explains the form that it comes closest to: the one with the fewest
 * complaints.
 */
function explainUnion(
  issue: Extract<Issue, { code: "invalid_union" }>,
  path: KeyPath,
  locate: (path: KeyPath) => string,
): string[] {
  const forms = issue.errors.filter((form) => form.some((inner) => !isOtherType(inner)));
  const nearestForm = forms.reduce<readonly Issue[] | undefined>(
    (best, form) => (best === undefined || weight(form) < weight(best) ? form : best),
    undefined,
  );
  if (nearestForm !== undefined)
    return withoutMissing(nearestForm).flatMap((inner) => explain(inner, path, locate));
  const expected = issue.errors.flatMap((form) =>
    form.flatMap((inner) => {
      if (inner.code === "invalid_type") return [WORDS[inner.expected] ?? inner.expected];
      return inner.code === "invalid_value" ? inner.values.map(String) : [];
    }),
  );
  const names = [...new Set(expected)].join(" or ");
  return [`${locate(path)}: expected ${names}, got ${got(issue, expected.includes("text"))}`];
}

/** A key that is unknown was probably meant for the one that is missing, which need not be told too. */
function withoutMissing(form: readonly Issue[]): readonly Issue[] {
  if (!form.some(({ code }) => code === "unrecognized_keys")) return form;
  return form.filter((issue) => issue.code !== "invalid_type" || issue.input !== undefined);
}

/** Whether the complaint is that the whole value has another type, or is no `true`: then this form was not meant. */
function isOtherType(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_value") return !issue.values.some((one) => typeof one === "string");
  return issue.code === "invalid_type";
}

function weight(issues: readonly Issue[]): number {
  return issues.reduce(
    (sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1),
    0,
  );
}

function keyOf(key: PropertyKey): string | number {
  return typeof key === "number" ? key : String(key);
}

function got(issue: Issue, wantsText = false): string {
  const { input } = issue as { readonly input?: unknown };
  if (input === undefined) return "nothing";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return input === null ? "nothing" : "a map";
  const shown = JSON.stringify(input).slice(0, 80);
  if (typeof input === "string") return shown;
  return `the ${typeof input} ${shown}${wantsText ? " (text is quoted)" : ""}`;
}

function explainChoice(issue: z.core.$ZodIssueInvalidValue, place: string): string {
  const words = issue.values.map(String);
  const meant = typeof issue.input === "string" ? near(issue.input, words) : "";
  return `${place}: expected ${words.join(", ")}, got ${got(issue)}${meant}`;
}

let known: readonly string[] | undefined;

/** The known key that was probably meant by an unknown one. */
function nearest(key: string): string {
  known ??= [...collectKeys(configurationSchema)];
  return near(
    key,
    known.filter((candidate) => candidate !== key),
  );
}

function near(word: string, known: readonly string[]): string {
  const meant = nearestWord(word, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

/** What this needs of the definition of any kind of schema. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly options?: readonly z.core.$ZodType[];
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
}

/** The keys of all objects in a schema. (Its JSON Schema has them too, but the program comes without that part of zod.) */
function collectKeys(schema: z.core.$ZodType, keys = new Set<string>()): Set<string> {
  const { shape = {}, options = [], ...inner } = schema._zod.def as Definition;
  for (const key of Object.keys(shape)) keys.add(key);
  const below = [
    ...Object.values(shape),
    ...options,
    inner.element,
    inner.valueType,
    inner.innerType,
  ];
  for (const one of below) if (one !== undefined) collectKeys(one, keys);
  return keys;
}
