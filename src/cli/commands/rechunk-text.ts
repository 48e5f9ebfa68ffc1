// SPDX-License-Identifier: MIT
import type { WrittenImage } from "../../image/edit/write-image.ts";
import type { WrittenTo } from "../../image/by-reference/with-reference.ts";
import { brokenLimits } from "../../layering/broken-limits.ts";
import type { DropReason } from "../../layering/plan/choose-dropped.ts";
import type { RechunkedImage, RechunkedLayer } from "../../layering/rechunk-image.ts";
import type { Rechunked } from "../../layering/rechunk-reference.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Outcome } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count, table } from "../../report/text/format.ts";
import { targetName } from "../output/transfer-text.ts";

export interface RechunkTextOptions {
  readonly dryRun: boolean;
  readonly isStdout: boolean;
  readonly maxLayers: number;
  /** Bytes a second. */
  readonly rate: number | undefined;
}

const MOST_NAMES = 6;

/** Why a layer is not kept, for people. */
export const REASONS: Readonly<Record<DropReason, string>> = {
  changed: "most of it changed",
  "dead-bytes": "too many dead bytes in all",
  layers: "too many layers",
  dependent: "needs a layer that is not kept",
};

/** The outcome of `rechunk`: each layer, and what is sent. */
export function rechunkOutcome(
  rechunked: Rechunked & WrittenTo,
  { dryRun, isStdout, maxLayers, rate }: RechunkTextOptions,
): Outcome {
  const { store, tag, root, dropped, habits } = rechunked;
  const images = rechunked.rechunked.map((image, at) => {
    const written = rechunked.images[at]!;
    const sentBytes = image.newBytes + written.copied.bytes;
    return {
      ...image,
      descriptor: written.descriptor,
      ...transfersOf(written),
      sentBytes,
      ...(rate !== undefined && { seconds: Math.round((sentBytes / rate) * 10) / 10 }),
      limits: brokenLimits(image, { habits, maxLayers, rate }),
    };
  });
  const notices = images.flatMap(({ platform, notices: told, limits }) =>
    [...told, ...limits.map((limit) => `limit: ${limit}`)].map((line) => `${platform}: ${line}`),
  );
  if (dropped.length > 0) {
    notices.push(`left out ${count(dropped.length, "attestation")} of images that are others now`);
  }
  const verb = dryRun ? "would write " : "";
  return {
    status: DONE,
    document: { store, tag, digest: root.digest, dryRun, images, dropped },
    tookStdout: isStdout,
    notices,
    lines: [
      ...images.flatMap((image) => imageLines(image, rate)),
      `${verb}${targetName(rechunked)} ${root.digest}`,
    ],
  };
}

function transfersOf({ copied, mounted }: WrittenImage): Pick<WrittenImage, "copied" | "mounted"> {
  return { copied, mounted };
}

type ToldImage = RechunkedImage & {
  readonly platform: string;
  readonly sentBytes: number;
};

function imageLines(image: ToldImage, rate: number | undefined): string[] {
  const { platform, layers, dropped, previous, sentBytes, keptBytes, newBytes } = image;
  const added = layers.filter(({ kind }) => kind === "new").length;
  const after = previous === undefined ? "" : `, after ${shortDigest(previous)}`;
  const time =
    rate === undefined ? "" : `, ${(sentBytes / rate).toFixed(1)} s at ${formatBytes(rate)}/s`;
  const dead = image.tarBytes === 0 ? 0 : (image.deadBytes * 100) / image.tarBytes;
  return [
    `${platform}: ${count(layers.length, "layer")}, ${added} new${after}`,
    ...table([
      ...layers.map((layer) => layerRow(layer)),
      ...dropped.map(({ group, descriptor, why }) => [
        ...["  gone", shortDigest(descriptor.digest), formatBytes(descriptor.size)],
        `${group}: ${REASONS[why]}`,
      ]),
    ]),
    `  sends ${formatBytes(sentBytes)} of ${formatBytes(keptBytes + newBytes)}${time}; ${dead.toFixed(1)} % dead bytes`,
  ];
}

function layerRow({
  kind,
  group,
  descriptor,
  components,
  removed,
  deadBytes,
}: RechunkedLayer): string[] {
  const names = components.map(({ name }) => name);
  const shown = names.length === 1 && names[0] === group ? [] : names.slice(0, MOST_NAMES);
  const more = names.length - MOST_NAMES;
  const parts = [
    ...(more > 0 ? [...shown, `${more} more`] : shown),
    ...(removed > 0 ? [`removes ${count(removed, "path")}`] : []),
    ...(deadBytes > 0 ? [`${formatBytes(deadBytes)} of its tar dead`] : []),
  ];
  const what = parts.length === 0 ? group : `${group}: ${parts.join(", ")}`;
  return [`  ${kind}`, shortDigest(descriptor.digest), formatBytes(descriptor.size), what];
}
