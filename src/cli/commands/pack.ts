// SPDX-License-Identifier: MIT
import type { PackOptions, PackProgress, PackedImage } from "../../convert/pack/pack-options.ts";
import {
  collect,
  prose,
  withRegistry,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { isStdout, openConfigured, parseConfigured } from "../input/configured.ts";
import type { Context } from "../context.ts";
import { parseTime, sourceDateEpochOf } from "../input/created.ts";
import { formatBytes } from "../output/format.ts";
import type { ProgressLine } from "../output/progress.ts";
import { showIndexing } from "../output/show-indexing.ts";
import { letYoungGenerationGrow } from "../young-generation.ts";
import { compressionOf } from "./assemble-flags.ts";

interface PackFlags {
  readonly json?: true;
  readonly base?: string;
  readonly exact?: true;
  readonly platform?: string;
  readonly created?: string;
  readonly compression?: string;
  readonly uidMap?: readonly string[];
  readonly gidMap?: readonly string[];
  readonly dryRun?: true;
}

export const packCommand: Register = (program, invoke) => {
  withRegistry(program.command("pack <DIR> <REF>"))
    .summary("a directory to an image")
    .description(
      prose(`
        Makes an image of a root filesystem, with what DIR.oci-kit beside it knows of it: owners,
        devices, attributes, exact times. The same tree gives the same layer, whoever unpacked it, root
        or not. The image has one layer with everything, and the settings of the image that was
        unpacked. With --base it has the layers of the base and one more with what changed, and is the
        base itself when nothing did.

        With --exact the layers that unpack --exact kept are made again byte for byte; a directory that
        was changed since is refused (exit status 2).`),
    )
    .option("--base <REF>", "the image below; only what differs from it is packed")
    .option("--exact", "the very layers that were unpacked with --exact")
    .option("--platform <PLATFORM>", "what the image is for, or the image of the base's index")
    .option("--created <TIME>", "seconds since 1970, or as 2026-01-31T12:00:00Z")
    .option("--compression <C>", "gzip (the default), zstd or none")
    .option("--uid-map <I:D[:N]>", "users from D on on the disk are I in the image", collect)
    .option("--gid-map <I:D[:N]>", "the same of groups", collect)
    .option("--dry-run", "say what would be added, changed and removed")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit pack out/rootfs oci:out/image:v1
  oci-kit pack --base latest-cross out/rootfs ghcr.io/family/image:edited
  oci-kit pack --base latest-cross --dry-run out/rootfs oci:out/image
  oci-kit pack --exact out/layer2 oci-archive:layer2.tar
  oci-kit pack --platform linux/riscv64 --uid-map 0:1000 sysroot oci:out/sysroot

SOURCE_DATE_EPOCH sets the time where --created does not.`,
    )
    .action(async (directory: string, reference: string, flags: PackFlags) =>
      invoke(flags, (session) => packTo(directory, reference, flags, session)),
    );
};

async function packTo(
  directory: string,
  reference: string,
  flags: PackFlags,
  { context, progress }: Session,
): Promise<Outcome> {
  const [options, { packDirectory }, { openTarget }, { packOutcome }] = await Promise.all([
    optionsOf(flags, context),
    import("../../convert/pack/pack-directory.ts"),
    import("../../image/open-reference.ts"),
    import("./pack-text.ts"),
  ]);
  const { signal, registry } = context;
  letYoungGenerationGrow();
  const location = await parseConfigured(reference, context);
  const base = await openBase(flags, context);
  try {
    const to = await openTarget(location, { signal, registry });
    try {
      const tag = to.tag ?? (location.kind === "registry" ? "latest" : undefined);
      const packed: PackedImage = await packDirectory(directory, to.store, {
        ...options,
        base: base?.image,
        tag,
        signal,
        onProgress: showPacking(progress),
      });
      if (!options.dryRun) await to.close();
      return { ...packOutcome(packed, to.store.name, tag), tookStdout: isStdout(location) };
    } finally {
      await to.discard();
    }
  } finally {
    await base?.close();
  }
}

async function optionsOf(flags: PackFlags, context: Context): Promise<PackOptions> {
  const [{ parseIdRange }, { parsePlatform }, { indexCacheOf }] = await Promise.all([
    import("../../disk/inode/id-map.ts"),
    import("../../oci/platform.ts"),
    import("../input/open-image.ts"),
  ]);
  // With a base it says which image of an index is meant.
  const isOwn = flags.platform !== undefined && flags.base === undefined;
  return {
    exact: flags.exact,
    platform: isOwn ? parsePlatform(flags.platform) : undefined,
    created:
      flags.created === undefined
        ? sourceDateEpochOf(context.env)
        : parseTime("--created", flags.created),
    compression: compressionOf(flags.compression),
    uidMap: flags.uidMap?.map(parseIdRange),
    gidMap: flags.gidMap?.map(parseIdRange),
    dryRun: flags.dryRun,
    cache: await indexCacheOf(context),
  };
}

async function openBase(
  { base, platform }: PackFlags,
  context: Context,
): Promise<
  { readonly image: PackOptions["base"]; readonly close: () => Promise<void> } | undefined
> {
  if (base === undefined) return undefined;
  const { imageOf } = await import("../input/open-image.ts");
  const from = await openConfigured(base, context);
  try {
    return { image: await imageOf(from, platform, context), close: () => from.close() };
  } catch (error) {
    await from.close();
    throw error;
  }
}

/** Draws a running pack. */
function showPacking(progress: ProgressLine): (event: PackProgress) => void {
  const showIndex = showIndexing(progress);
  return (event) => {
    switch (event.kind) {
      case "comparing":
        progress.show(`comparing: ${event.compared} paths`);
        return;
      case "packing": {
        const { layer, entries, bytes } = event;
        progress.show(`layer ${layer + 1}: ${entries} entries, ${formatBytes(bytes)}`);
        return;
      }
      default:
        showIndex(event);
    }
  };
}
