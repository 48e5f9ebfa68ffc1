// SPDX-License-Identifier: MIT
import type { WrittenTo } from "../../image/by-reference/with-reference.ts";
import type { EditedImages } from "../../image/edit/edit-images.ts";
import type { WrittenImage } from "../../image/edit/write-image.ts";
import type { TransferTotal } from "../../store/copy/copy.ts";
import type { Outcome } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count } from "../../report/text/format.ts";
import { notSentParts, targetName } from "../output/transfer-text.ts";

/** The outcome of a command that edits images: what it wrote, or would write in a dry run. */
export function editedOutcome(
  edited: EditedImages & WrittenTo,
  dryRun: boolean,
  tookStdout: boolean,
  compression: { readonly compression?: string } = {},
): Outcome {
  const { store, tag, root, images, dropped } = edited;
  const sum = (key: "made" | "copied" | "skipped" | "mounted"): TransferTotal =>
    sumOf(images, (image) => image[key]);
  const [made, copied] = [sum("made"), sum("copied")];
  const parts = [
    count(images.length, "image"),
    `${count(made.count, "layer")} made, ${formatBytes(made.bytes)}`,
    ...(copied.count > 0 ? [`${formatBytes(copied.bytes)} copied`] : []),
    ...notSentParts(sum("skipped"), sum("mounted")),
  ];
  const verb = dryRun ? "would write " : "";
  return {
    status: DONE,
    document: { store, tag, digest: root.digest, dryRun, images, dropped, ...compression },
    tookStdout,
    notices:
      dropped.length === 0
        ? []
        : [`left out ${count(dropped.length, "attestation")} of images that are others now`],
    lines: [`${verb}${targetName(edited)} ${root.digest}: ${parts.join("; ")}`],
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
