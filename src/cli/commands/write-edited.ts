// SPDX-License-Identifier: MIT
import type { EditedImages, ImageEdit } from "../../image/edit/edit-images.ts";
import type { WriteProgress, WrittenImage } from "../../image/edit/write-image.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { TransferTotal } from "../../store/copy/copy.ts";
import type { Outcome, Session } from "../command.ts";
import { isStdout, openConfigured, parseConfigured, rootOf } from "../input/configured.ts";
import { DONE } from "../exit-status.ts";
import { count, formatBytes } from "../output/format.ts";
import type { ProgressLine } from "../output/progress.ts";
import { showCopy } from "./copy.ts";

/** What the commands that edit images have in common. */
export interface EditFlags {
  readonly json?: true;
  readonly dryRun?: true;
  readonly platform?: string;
}

/** Where an edited image comes from and goes to, as typed, and what is done to it. */
export interface EditedWriting {
  readonly source: string;
  readonly destination: string;
  readonly flags: EditFlags;
  readonly edit: ImageEdit;
}

/** Edits an image, or each image of an index, and writes the result: the whole of the commands that do. */
export async function writeEdited(
  { source, destination, flags, edit }: EditedWriting,
  { context, progress }: Session,
): Promise<Outcome> {
  const [{ editImages }, { openTarget }] = await Promise.all([
    import("../../image/edit/edit-images.ts"),
    import("../../image/open-reference.ts"),
  ]);
  const { signal, registry, stderr } = context;
  const dryRun = flags.dryRun === true;
  const location = await parseConfigured(destination, context);
  const from = await openConfigured(source, context);
  try {
    const root = await rootOf(from, flags.platform, context);
    const to = await openTarget(location, { signal, registry });
    try {
      const tag = to.tag ?? (location.kind === "registry" ? "latest" : undefined);
      const onProgress = showWriting(progress);
      const options = { tag, dryRun, onProgress, signal };
      const edited = await editImages(from.store, root, to.store, edit, options);
      if (!dryRun) await to.close();
      progress.clear();
      if (edited.dropped.length > 0) stderr.write(noticeOf(edited));
      return {
        ...outcomeOf(edited, to.store.name, tag, dryRun),
        tookStdout: isStdout(location),
      };
    } finally {
      await to.discard();
    }
  } finally {
    await from.close();
  }
}

function showWriting(progress: ProgressLine): (event: WriteProgress) => void {
  const show = showCopy(progress);
  return (event) => {
    if (event.kind !== "making") show(event);
    else progress.show(`making ${event.layer}: ${formatBytes(event.bytes)}`);
  };
}

function noticeOf({ dropped }: EditedImages): string {
  const what = count(dropped.length, "attestation");
  return `oci-kit: left out ${what} of images that are others now\n`;
}

function outcomeOf(
  { root, images, dropped }: EditedImages,
  store: string,
  tag: string | undefined,
  dryRun: boolean,
): Outcome {
  const sum = (key: "made" | "copied" | "skipped" | "mounted"): TransferTotal =>
    sumOf(images, (image) => image[key]);
  const [made, copied, skipped, mounted] = [
    sum("made"),
    sum("copied"),
    sum("skipped"),
    sum("mounted"),
  ];
  const parts = [
    count(images.length, "image"),
    `${count(made.count, "layer")} made, ${formatBytes(made.bytes)}`,
    ...(copied.count > 0 ? [`${formatBytes(copied.bytes)} copied`] : []),
    ...(skipped.count > 0 ? [`${formatBytes(skipped.bytes)} already there`] : []),
    ...(mounted.count > 0 ? [`${formatBytes(mounted.bytes)} mounted`] : []),
  ];
  const name = tag === undefined ? store : `${store}:${tag}`;
  return {
    status: DONE,
    document: { store, tag, digest: root.digest, dryRun, images, dropped },
    text: `${dryRun ? "would write " : ""}${name} ${shortDigest(root.digest)}: ${parts.join("; ")}\n`,
  };
}

function sumOf(
  images: readonly WrittenImage[],
  part: (image: WrittenImage) => TransferTotal,
): TransferTotal {
  return images
    .map(part)
    .reduce((sum, one) => ({ count: sum.count + one.count, bytes: sum.bytes + one.bytes }), {
      count: 0,
      bytes: 0,
    });
}
