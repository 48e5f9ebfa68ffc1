// SPDX-License-Identifier: MIT
import { parseDirectory } from "../input/directory-argument.ts";
import {
  collect,
  prose,
  withRegistry,
  withReplace,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import type { Location } from "../../image/location.ts";
import type { CompressionChoice } from "../../bytes/level/compression-choice.ts";
import { compressionOf, compressionPart } from "../input/compression.ts";
import { COMPRESSION, RATE } from "../input/compression-words.ts";
import { parseConfigured } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { parseTarget } from "../input/target.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { parseTime, sourceDateEpochOf } from "../input/values/created.ts";
import { showPacking } from "../progress/show-converting.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

interface PackFlags extends ReferenceFlags {
  readonly base?: string;
  readonly exact?: true;
  readonly created?: string;
  readonly compression?: string;
  readonly rate?: string;
  readonly uidMap?: readonly string[];
  readonly gidMap?: readonly string[];
}

export const packCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("pack <DIR> <REF>")))
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
    .option("--compression <KIND>", COMPRESSION)
    .option("--rate <RATE>", RATE)
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
      invoke(flags, (session) =>
        packTo(parseDirectory(directory, "oci-kit pack DIR REF"), reference, flags, session),
      ),
    );
};

async function packTo(
  directory: string,
  reference: string,
  flags: PackFlags,
  session: Session,
): Promise<Outcome> {
  const { progress } = session;
  const to = await parseTarget(reference, flags.dryRun === true, session);
  const [options, { packToReference }, { packOutcome }] = await Promise.all([
    optionsOf(flags, to.location, session),
    import("../../convert/pack/pack-to-reference.ts"),
    import("./pack-text.ts"),
  ]);
  letYoungGenerationGrow();
  const packed = await packToReference(directory, to.location, {
    ...options,
    onProgress: showPacking(progress),
  });
  const outcome = packOutcome(packed);
  const document = { ...outcome.document, ...compressionPart(chosenOf(flags, options)) };
  return { ...outcome, document, tookStdout: to.isStdout };
}

/** The compression that a flag asked for. */
function chosenOf(
  { compression }: PackFlags,
  options: Partial<CompressionChoice>,
): CompressionChoice | undefined {
  return compression === undefined ? undefined : (options as CompressionChoice);
}

async function optionsOf(flags: PackFlags, target: Location, session: Session) {
  const { context } = session;
  const [{ parseIdRange }, options] = await Promise.all([
    import("../../disk/inode/id-map.ts"),
    referenceOptions(flags, session),
  ]);
  const choice = await compressionOf(flags, session, target);
  return {
    ...options,
    base: flags.base === undefined ? undefined : await parseConfigured(flags.base, context),
    exact: flags.exact,
    created:
      flags.created === undefined
        ? sourceDateEpochOf(context.env)
        : parseTime("--created", flags.created),
    ...choice,
    uidMap: flags.uidMap?.map(parseIdRange),
    gidMap: flags.gidMap?.map(parseIdRange),
    cache: await indexCacheOf(context),
  };
}
