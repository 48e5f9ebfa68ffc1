// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Proof } from "../../disk/proof/prove.ts";
import type { UnpackPlan, UnpackResult } from "../../convert/unpack/unpack-options.ts";
import type { Outcome } from "../command.ts";
import { differenceDocument, differenceLines } from "../output/differences.ts";
import { DOES_NOT_HOLD, DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count } from "../../report/text/format.ts";

/** The outcome of an unpack. */
export function unpackOutcome(result: UnpackResult): Outcome {
  const { proof } = result;
  return {
    status: proof !== undefined && proof.differences.length > 0 ? DOES_NOT_HOLD : DONE,
    document: documentOf(result),
    lines: linesOf(result),
  };
}

function documentOf(result: UnpackResult): object {
  const { directory, sidecar, image, dryRun, counts, bytes, proof, refusals, plan } = result;
  return {
    directory,
    sidecar,
    digest: image.digest,
    dryRun,
    ...counts,
    bytes,
    refusals: {
      owner: refusals.owner,
      special: Object.fromEntries(refusals.special),
      xattrs: Object.fromEntries([...refusals.xattrs].map(([name, why]) => [toText(name), why])),
    },
    proof: proof && {
      compared: proof.compared,
      contents: proof.contents,
      contentBytes: proof.contentBytes,
      held: proof.held,
      unreadXattrs: proof.unreadXattrs,
      differences: proof.differences.map(differenceDocument),
    },
    plan: plan && {
      written: plan.written.map(toText),
      changed: plan.changed.map(toText),
      removed: plan.removed.map(toText),
    },
  };
}

function linesOf(result: UnpackResult): string[] {
  const { directory, image, counts, bytes, proof, plan } = result;
  const { written, changed, kept, removed } = counts;
  const verb = result.dryRun ? "would be " : "";
  const summary = `${count(written, "path")} ${verb}written, ${changed} changed, ${kept} kept, ${removed} removed; ${formatBytes(bytes)}`;
  return [
    ...(plan === undefined ? [] : planLines(plan)),
    `${directory} ${image.digest}: ${summary}`,
    ...(proof === undefined ? [] : [...proofLines(proof), ...heldLines(result, proof)]),
  ];
}

function planLines({ written, changed, removed }: UnpackPlan): string[] {
  const lines = (verb: string, paths: readonly ByteString[]): string[] =>
    paths.map((path) => `${verb} ${toText(path)}`);
  return [...lines("remove", removed), ...lines("change", changed), ...lines("write ", written)];
}

function proofLines({
  compared,
  contents,
  contentBytes,
  differences,
  unreadXattrs,
}: Proof): string[] {
  const what =
    contents === 0
      ? `compared ${count(compared, "path")}, no contents`
      : `compared ${count(compared, "path")} and the contents of ${count(contents, "file")} (${formatBytes(contentBytes)})`;
  if (differences.length === 0)
    return [`${what}: all as in the image`, ...unreadLines(unreadXattrs)];
  return [
    `${what}: ${differences.length} not as in the image, so the directory is not whole`,
    ...differenceLines(differences),
  ];
}

function unreadLines(paths: number): string[] {
  if (paths === 0) return [];
  const missing = "install the package @napi-rs/xattr, or the command getfattr";
  return [`but extended attributes of ${count(paths, "path")} could not be read back: ${missing}`];
}

/** Says what only the sidecar keeps, because the filesystem refused it, and why. */
function heldLines({ sidecar, refusals }: UnpackResult, { held }: Proof): string[] {
  const parts = Object.entries(held).flatMap(([field, paths]) =>
    paths > 0 ? [`${field} of ${paths}`] : [],
  );
  const reasons = [
    ...(refusals.owner === undefined ? [] : [`owners: ${refusals.owner}`]),
    ...[...refusals.special].map(([type, why]) => `${type}: ${why}`),
    ...[...refusals.xattrs].map(([name, why]) => `${toText(name)}: ${why}`),
  ];
  if (parts.length === 0) return [];
  return [`kept in ${sidecar}: ${parts.join(", ")}`, ...reasons.map((reason) => `  ${reason}`)];
}
