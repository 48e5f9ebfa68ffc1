// SPDX-License-Identifier: MIT
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { escapeText } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import type { AccessRules } from "../server/access/access-rules.ts";
import { changingFile } from "../server/listen/changing-file.ts";
import { parseActions, parsePattern } from "../server/access/permission.ts";

const names = z.array(z.string().min(1)).min(1);
const fileSchema = z.strictObject({
  rules: z.array(z.strictObject({ users: names, repositories: names, actions: names })),
});

/**
 * Makes a function that returns the rules of an access file (YAML or JSON) as they are now. A missing or broken
 * file fails every call.
 * @throws OciError (the function) `invalid-argument`, `not-found`, `unreadable`
 */
export function accessFile(path: string): () => AccessRules {
  return changingFile(path, (bytes) => parseAccessFile(new TextDecoder().decode(bytes), path));
}

/** Parses an access file. @throws OciError `invalid-argument` that names the place */
export function parseAccessFile(text: string, name: string): AccessRules {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const refuse = (place: string, reason: string): OciError =>
    new OciError("invalid-argument", `${name}${place}: ${escapeText(reason)}`, {
      hint: "A rule has users, repositories and actions, each a list: see docs/serve.md.",
    });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw refuse(`:${line}:${col}`, broken.message.split("\n")[0]!);
  }
  const at = (path: readonly PropertyKey[]): string => {
    const keys = path.map(String);
    for (let length = keys.length; length > 0; length -= 1) {
      const node = document.getIn(keys.slice(0, length), true) as { range?: number[] } | undefined;
      if (node?.range?.[0] === undefined) continue;
      const { line, col } = lines.linePos(node.range[0]);
      return `:${line}:${col}: ${keys.join(".")}`;
    }
    return "";
  };
  const parsed = fileSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    const { issues } = parsed.error;
    // An unknown key says more than what is missing because of it.
    const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
    throw refuse(at(issue?.path ?? []), issue === undefined ? "expected rules" : explain(issue));
  }
  const checked = <T>(path: readonly PropertyKey[], parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      throw error instanceof OciError ? refuse(at(path), error.message) : error;
    }
  };
  const rules = parsed.data.rules.map(({ users, repositories, actions }, index) => ({
    users,
    repositories: repositories.map((pattern, inner) =>
      checked(["rules", index, "repositories", inner], () => parsePattern(pattern)),
    ),
    actions: checked(["rules", index, "actions"], () => parseActions(actions)),
  }));
  return { rules };
}

const FORMS: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a map",
  string: "text",
};

function explain(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `expected ${issue.path.length === 0 ? "rules" : "users, repositories, actions"}, got ${issue.keys.join(", ")}`;
    case "invalid_type":
      return `expected ${FORMS[issue.expected] ?? issue.expected}, got ${issue.message.replace(/^.*received /, "")}`;
    default:
      return "expected at least one, got none";
  }
}
