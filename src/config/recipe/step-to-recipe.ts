// SPDX-License-Identifier: MIT
import type { AlternativeStep, Artifact, CopyStep, Step } from "../../assemble/recipe/recipe.ts";
import type { KeyPath } from "../configuration.ts";
import type { Expander } from "../expand-variables.ts";
import type { StepDocument } from "../schema.ts";
import { parseMode, parseModes, parseOwner } from "./parse-values.ts";

/** Makes a step of a recipe from a step of the file. @throws OciError `invalid-recipe` naming line and key */
export function stepOf(
  step: StepDocument,
  path: KeyPath,
  artifacts: Readonly<Record<string, Artifact>>,
  expander: Expander,
): Step {
  const text = (value: string, key: string): string => expander.expand(value, [...path, key]);
  if ("copy" in step) return copyOf(step, path, artifacts, expander);
  if ("alternative" in step) return alternativeOf(step, path, expander);
  if ("remove" in step) return { kind: "remove", path: text(step.remove, "remove") };
  const owner = step.owner === undefined ? undefined : parseOwner(step.owner);
  if ("link" in step) {
    const { link, target, ifAbsent } = step;
    const place = text(link, "link");
    return { kind: "link", path: place, target: text(target, "target"), ifAbsent, owner };
  }
  const mode = step.mode === undefined ? undefined : parseMode(step.mode);
  if ("file" in step) {
    const content = text(step.content, "content");
    return { kind: "file", path: text(step.file, "file"), content, mode, owner };
  }
  return { kind: "directory", path: text(step.directory, "directory"), mode, owner };
}

function copyOf(
  step: Extract<StepDocument, { copy: string }>,
  path: KeyPath,
  artifacts: Readonly<Record<string, Artifact>>,
  expander: Expander,
): CopyStep {
  const { copy, to, mode, exclude, owner, missing, times } = step;
  return {
    kind: "copy",
    from: sourceOf(step.from, path, artifacts, expander),
    path: expander.expand(copy, [...path, "copy"]),
    to: to === undefined ? undefined : expander.expand(to, [...path, "to"]),
    owner: owner === undefined ? undefined : parseOwner(owner),
    mode: mode === undefined ? undefined : parseModes(mode),
    exclude: exclude?.map((pattern, at) => expander.expand(pattern, [...path, "exclude", at])),
    missing,
    times,
  };
}

function alternativeOf(
  step: Extract<StepDocument, { alternative: string }>,
  path: KeyPath,
  expander: Expander,
): AlternativeStep {
  const { alternative, priority, slaves } = step;
  return {
    kind: "alternative",
    name: expander.expand(alternative, [...path, "alternative"]),
    link: expander.expand(step.link, [...path, "link"]),
    path: expander.expand(step.path, [...path, "path"]),
    priority,
    slaves: slaves?.map((slave, at) => {
      const place = [...path, "slaves", at];
      return {
        name: expander.expand(slave.name, [...place, "name"]),
        link: expander.expand(slave.link, [...place, "link"]),
        path: expander.expand(slave.path, [...place, "path"]),
      };
    }),
  };
}

/** The artifact that a copy names. If it names none: the only artifact. */
function sourceOf(
  from: string | undefined,
  path: KeyPath,
  artifacts: Readonly<Record<string, Artifact>>,
  expander: Expander,
): string {
  const names = Object.keys(artifacts);
  const name = from ?? (names.length === 1 ? names[0] : undefined);
  if (name !== undefined && Object.hasOwn(artifacts, name)) return name;
  const got = name === undefined ? "nothing" : JSON.stringify(name);
  throw expander.refuse(
    [...path, "from"],
    `expected one of the artifacts (${names.join(", ") || "there is none"}), got ${got}`,
  );
}
