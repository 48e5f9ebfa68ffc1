// SPDX-License-Identifier: MIT
import { type ByteString, fromText, toBytes } from "../../bytes/byte-string.ts";
import { fromBytes } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { OciError } from "../../oci/errors.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import {
  type AlternativesRecord,
  formatAlternatives,
  installAlternative,
  parseAlternatives,
  unusedSlaves,
} from "./alternatives.ts";
import type { LayerPlan } from "./layer-draft.ts";
import { makeNode } from "./planned-entry.ts";
import type { AlternativeStep } from "../recipe/recipe.ts";
import { recipePath } from "../recipe/recipe-path.ts";

const DIRECTORY = "/etc/alternatives";
const RECORDS = "/var/lib/dpkg/alternatives";
const LARGEST_RECORD = 1024 * 1024;

/**
 * Plans an alternative: `link -> /etc/alternatives/<name> -> path`, the same for its slaves, and dpkg's
 * record. The record keeps the choices from the base and from earlier steps of this layer.
 * @throws OciError `invalid-recipe`; `unreadable` if the base's record is damaged
 */
export async function planAlternative(
  plan: LayerPlan,
  base: RootFilesystem,
  step: AlternativeStep,
): Promise<void> {
  const wanted = checkAlternative(plan.name, step);
  const at = `${RECORDS}/${wanted.name}` as ByteString;
  const known = await readRecord(plan, base, at);
  for (const slave of unusedSlaves(known, wanted.slaves ?? [])) {
    removeLink(plan, slave.link as ByteString, `${DIRECTORY}/${slave.name}`);
    removeLink(plan, `${DIRECTORY}/${slave.name}` as ByteString, undefined);
  }
  for (const each of [wanted, ...(wanted.slaves ?? [])]) {
    putLink(plan, `${DIRECTORY}/${each.name}`, each.path);
    putLink(plan, each.link, `${DIRECTORY}/${each.name}`);
  }
  const record = formatAlternatives(installAlternative(known, wanted));
  const content = toBytes(record as ByteString);
  const node = makeNode({ type: "file", mode: 0o644, size: content.length });
  plan.put(at, { node, copied: undefined, content, implied: false });
}

/** Returns the step with all its text as byte strings, which is the form that the record uses. */
function checkAlternative(layer: string, step: AlternativeStep): AlternativeStep {
  const where = `layer ${layer}: alternative ${JSON.stringify(step.name)}`;
  const check = <T extends { name: string; link: string; path: string }>(each: T): T => {
    if (!/^[^/\s\0]+$/.test(each.name) || each.name.startsWith(".")) {
      throw new OciError("invalid-recipe", `${where}: expected a name without slash and space`);
    }
    if (/\n/.test(each.link + each.path)) {
      throw new OciError("invalid-recipe", `${where}: expected paths of one line`);
    }
    const link = recipePath(each.link, `${where}: link`);
    const path = recipePath(each.path, `${where}: path`);
    return { ...each, name: fromText(each.name), link, path };
  };
  if (!Number.isSafeInteger(step.priority)) {
    throw new OciError("invalid-recipe", `${where}: expected a whole number as priority`);
  }
  return { ...check(step), slaves: step.slaves?.map(check) };
}

async function readRecord(
  plan: LayerPlan,
  base: RootFilesystem,
  path: ByteString,
): Promise<AlternativesRecord | undefined> {
  const node = plan.lookup(path);
  if (node?.type !== "file") return undefined;
  const made = plan.entries.get(path);
  const [where, bytes] = made
    ? [`layer ${plan.name}: ${path}`, made.content]
    : [`${base.name}: ${path}`, await readAll(base.read(path), LARGEST_RECORD, path)];
  if (bytes !== undefined) return parseAlternatives(fromBytes(bytes), where);
  throw new OciError(
    "invalid-recipe",
    `${where}: expected dpkg's record from the base, got one that a copy step brought`,
    { hint: "Exclude it from the copy." },
  );
}

function removeLink(plan: LayerPlan, path: ByteString, target: string | undefined): void {
  const node = plan.lookup(path);
  if (node?.type !== "symlink") return;
  if (target === undefined || node.linkTarget === target) plan.remove(path);
}

function putLink(plan: LayerPlan, path: string, target: string): void {
  const linkTarget = target as ByteString;
  const node = makeNode({ type: "symlink", mode: 0o777, linkTarget });
  plan.put(path as ByteString, { node, copied: undefined, content: undefined, implied: false });
}
