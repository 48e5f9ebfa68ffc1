// SPDX-License-Identifier: MIT
import type { DeclaredComponent } from "../../layering/components/declared-component.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
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
import { compressionOf } from "../input/compression.ts";
import { lineRate } from "../input/line-rates.ts";
import { COMPRESSION } from "../input/compression-words.ts";
import { parseConfigured } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { parseRate } from "../input/values/rate.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { parseTarget } from "../input/target.ts";
import { planReports } from "../input/report-flags.ts";
import { showRechunking } from "../progress/show-rechunking.ts";

interface RechunkFlags extends ReferenceFlags {
  readonly previous?: string | false;
  readonly component?: readonly string[];
  readonly compression?: string;
  readonly maxLayers?: string;
  readonly maxDead?: string;
  readonly exactTimes?: true;
  readonly rate?: string;
  readonly html?: string;
}

const EXAMPLES = `
Examples:
  oci-kit rechunk oci:out/image HOST/REPO:TAG --dry-run --rate 4.5MB/s
  oci-kit rechunk oci:out/image HOST/REPO:TAG
  oci-kit rechunk oci:out/image HOST/REPO:2 --previous HOST/REPO:1
  oci-kit rechunk oci:out/image oci:out/new --no-previous --component 'models=/opt/models/**'`;

export const rechunkCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("rechunk <SRC> <DST>")))
    .summary("the same tree in layers of which a rebuild changes few")
    .description(
      prose(`
        Divides the files of an image, or of each image of an index, among layers by what they belong to:
        packages of dpkg and apk, components that are named, otherwise directories. Layers of the previous
        image that hold the same but for times are kept, and not sent again; a group that changed mostly is a
        new layer; the rest is one layer of differences on top. The previous image is what DST's tag names
        now. The tree stays the same, but for the times of what is kept; the configuration stays.`),
    )
    .option("--previous <REF>", "the image whose layers are kept where they still hold")
    .option("--no-previous", "keep nothing: all layers are new")
    .option(
      "--component <NAME=GLOB>",
      "files that belong together, before what packages say; may be repeated",
      collect,
    )
    .option("--max-layers <N>", "layers of an image at most (60)")
    .option("--max-dead <PERCENT>", "dead bytes above which layers are written anew (2)")
    .option("--exact-times", "a file whose time alone differs is another one")
    .option("--compression <KIND>", COMPRESSION)
    .option("--platform <PLATFORM>", "only the image of an index for this platform")
    .option(
      "--rate <RATE>",
      "bytes a second of the uplink, as 4.5MB/s; else as it was last measured",
    )
    .option("--html <FILE>", "write one HTML page: the layers, kept, new and dead (- is stdout)")
    .option("--dry-run", "make the layers, say what would be sent, and write nothing")
    .addHelpText("after", EXAMPLES)
    .action(async (source: string, destination: string, flags: RechunkFlags) =>
      invoke(flags, (session) => rechunk(source, destination, flags, session)),
    );
};

async function rechunk(
  source: string,
  destination: string,
  flags: RechunkFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const [{ rechunkReference, RECHUNK_DEFAULTS }, { rechunkOutcome }, { withPage }] =
    await Promise.all([
      import("../../layering/rechunk-reference.ts"),
      import("./rechunk-text.ts"),
      import("./rechunk-page.ts"),
    ]);
  // Before anything is read, so that a page that can't be written costs no run.
  const reports = planReports({ html: flags.html }, session);
  const to = await parseTarget(destination, flags.dryRun === true, session);
  const options = await referenceOptions(flags, session);
  const given = flags.rate === undefined ? undefined : parseRate("--rate", flags.rate);
  const rate = given ?? rateTo(to.location, context);
  const forAuto = flags.compression === "auto" ? flags.rate : undefined;
  const maxLayers = layersOf(flags.maxLayers) ?? RECHUNK_DEFAULTS.maxLayers;
  const maxDead = shareOf(flags.maxDead) ?? RECHUNK_DEFAULTS.maxDead;
  const how = {
    ...options,
    components: componentsOf(flags.component),
    ...(await compressionOf(
      { compression: flags.compression, rate: forAuto },
      session,
      to.location,
    )),
    exactTimes: flags.exactTimes,
    ...{ maxLayers, maxDead },
    previous: await previousOf(flags.previous, session),
    cache: await indexCacheOf(context),
    onProgress: showRechunking(progress),
  };
  const rechunked = await rechunkReference(
    await parseConfigured(source, context),
    to.location,
    how,
  );
  const { dryRun } = options;
  const outcome = rechunkOutcome(rechunked, { dryRun, isStdout: to.isStdout, maxLayers, rate });
  return reports.hasPage ? withPage(outcome, rechunked, reports) : outcome;
}

/** Bytes a second of the line to a target, where it was measured. */
function rateTo(location: Location, context: Session["context"]): number | undefined {
  return location.kind === "registry" ? lineRate(context, location.reference.registry) : undefined;
}

async function previousOf(
  previous: RechunkFlags["previous"],
  { context }: Session,
): Promise<Awaited<ReturnType<typeof parseConfigured>> | null | undefined> {
  if (previous === false) return null;
  return previous === undefined ? undefined : parseConfigured(previous, context);
}

function componentsOf(texts: readonly string[] = []): readonly DeclaredComponent[] {
  const components = new Map<string, string[]>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    const [name, glob] = [text.slice(0, Math.max(0, equals)), text.slice(equals + 1)];
    if (name === "" || glob === "") {
      throw new OciError("invalid-argument", `--component: expected NAME=GLOB, got ${quote(text)}`);
    }
    components.set(name, [...(components.get(name) ?? []), glob]);
  }
  return [...components].map(([name, paths]) => ({ name, paths }));
}

function layersOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const layers = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (layers >= 2 && layers <= 120) return layers;
  throw new OciError(
    "invalid-argument",
    `--max-layers: expected a whole number from 2 to 120, got ${quote(text)}`,
  );
}

function shareOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = /^\d{1,3}(\.\d{1,3})?%?$/.test(text) ? parseFloat(text) : 101;
  if (percent <= 100) return percent / 100;
  throw new OciError(
    "invalid-argument",
    `--max-dead: expected percent from 0 to 100, as 2 or 0.5, got ${quote(text)}`,
  );
}
