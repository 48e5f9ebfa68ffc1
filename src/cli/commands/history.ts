// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { ImageHistory } from "../../rootfs/look/history-of-reference.ts";
import type { ImageStep } from "../../rootfs/look/image-history.ts";
import type { PathChange, PathHistory } from "../../rootfs/look/path-history.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseImagePath } from "../input/values/image-path.ts";
import { lookOptions, withPlatform } from "../input/look-options.ts";
import type { ReferenceFlags } from "../input/reference-options.ts";
import { fieldLines } from "../output/differences.ts";
import { longRow } from "../output/entry-text.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { table } from "../../report/text/format.ts";

export const historyCommand: Register = (program, invoke) => {
  withPlatform(withRegistry(program.command("history <REF> [PATH]")))
    .summary("which layer brought what, and what it wastes")
    .description(
      prose(`
        Of an image: its steps, the first one first, with what each layer takes in the registry, what its
        files take, and what of that nobody sees because a higher layer hides it. Of a path: which
        layers brought, changed or removed it. Layers are numbered from 0, the lowest.`),
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit history latest-cross --platform linux/riscv64
  oci-kit history oci:out/linux-runtime/riscv64 /usr/bin/cc`,
    )
    .action(async (reference: string, path: string | undefined, flags: ReferenceFlags) =>
      invoke(flags, (session) => history(reference, path, flags, session)),
    );
};

async function history(
  reference: string,
  path: string | undefined,
  flags: ReferenceFlags,
  session: Session,
): Promise<Outcome> {
  const { historyOfPath, historyOfReference } =
    await import("../../rootfs/look/history-of-reference.ts");
  const location = await parseConfigured(reference, session.context);
  const options = await lookOptions(flags, session);
  return path === undefined
    ? stepsOutcome(await historyOfReference(location, options))
    : pathOutcome(await historyOfPath(location, parseImagePath(path), options));
}

function stepsOutcome({ image, steps }: ImageHistory): Outcome {
  const layers = steps.flatMap(({ layer }) => (layer === undefined ? [] : [layer]));
  const sum = (key: "bytes" | "wasted"): number =>
    layers.reduce((total, layer) => total + layer[key], 0);
  const head = ["layer", "blob", "files", "entries", "wasted", "created", "by"];
  return {
    status: DONE,
    document: {
      digest: image.digest,
      bytes: sum("bytes"),
      wasted: sum("wasted"),
      steps: steps.map(stepDocument),
    },
    lines: [
      ...table([head, ...steps.map(stepRow)]),
      `${formatBytes(sum("bytes"))} of files, ${formatBytes(sum("wasted"))} of them hidden by higher layers`,
    ],
  };
}

const LONGEST_STEP = 100;

function stepRow({ layer, history: told }: ImageStep): string[] {
  const by = (told?.created_by ?? told?.comment ?? "").replace(/\s+/g, " ");
  const facts =
    layer === undefined
      ? ["-", "", "", "", ""]
      : [
          String(layer.number),
          formatBytes(layer.descriptor.size),
          formatBytes(layer.bytes),
          String(layer.entries + layer.removals),
          formatBytes(layer.wasted),
        ];
  const shown = by.length > LONGEST_STEP ? `${by.slice(0, LONGEST_STEP - 1)}…` : by;
  return [...facts, told?.created ?? "", shown];
}

function stepDocument({ layer, history: told }: ImageStep): object {
  return {
    ...(layer !== undefined && {
      layer: layer.number,
      diffId: layer.diffId,
      descriptor: layer.descriptor,
      entries: layer.entries,
      removals: layer.removals,
      bytes: layer.bytes,
      wasted: layer.wasted,
    }),
    ...(told !== undefined && { history: told }),
  };
}

function pathOutcome({
  image,
  path,
  exists,
  changes,
}: PathHistory & Pick<ImageHistory, "image">): Outcome {
  return {
    status: DONE,
    document: {
      digest: image.digest,
      path: toText(path),
      exists,
      changes: changes.map(({ layer, change, fields }) => ({ layer, change, fields })),
    },
    lines: changes.flatMap((change) => changeLines(path, change)),
  };
}

function changeLines(
  path: PathHistory["path"],
  { layer, change, node, fields }: PathChange,
): string[] {
  const entry = node && { path, node, type: node.type, links: 1, layer, removes: undefined };
  const [mode = "", , uid = "", gid = "", size = "", time = "", name = ""] = entry
    ? longRow(entry)
    : [];
  const state = entry ? [mode, `${uid}:${gid}`, size, time, name].join(" ") : toText(path);
  return [`layer ${layer}: ${change} ${state}`, ...fieldLines(fields)];
}
