// SPDX-License-Identifier: MIT
import { chainPage } from "../../chain/picture/chain-page.ts";
import { drawChain } from "../../chain/picture/draw-chain.ts";
import type { ChainImage } from "../../chain/images/chain-image.ts";
import type { ComparedLink } from "../../chain/links/compare-link.ts";
import type { ChainReading } from "../../chain/verify-chain.ts";
import { once } from "../../bytes/bytes.ts";
import { writeOutput } from "../../files/write-output.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { Outcome, Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { chainLines } from "./chain-describe-text.ts";
import {
  type ChainFlags,
  type ChosenChain,
  chooseChain,
  readChosen,
  unasked,
} from "./chain-graph.ts";
import { linkDocument } from "./chain-verify.ts";

/** The flags of `oci-kit chain describe`. */
export interface DescribeFlags extends ChainFlags {
  readonly offline?: true;
  readonly svg?: string;
  readonly html?: string;
}

/** Milliseconds that a description waits for the registry. */
const PATIENCE = 5000;

/** Runs `oci-kit chain describe`. */
export async function describe(flags: DescribeFlags, session: Session): Promise<Outcome> {
  const chosen = await chooseChain(flags, session, "chain describe");
  const isOffline = flags.offline === true;
  const reading = isOffline
    ? unasked(chosen, "--offline")
    : await readChosen(chosen, session, { patience: PATIENCE });
  const written = await writePictures(flags, chosen, reading, session);
  return {
    status: DONE,
    document: documentOf(chosen, reading, isOffline, written),
    lines: [
      ...chainLines(chosen.graph, reading, isOffline),
      ...written.map((file) => `drawn in ${file}`),
    ],
    notices: isOffline ? [] : unread(reading),
  };
}

/** One notice, however many images could not be asked for. */
function unread({ source, images }: ChainReading): string[] {
  const failed = [...images.values()].filter((image) => image.state === "unreadable");
  const [first] = failed;
  if (first === undefined) return [];
  return [
    `${source}: ${failed.length} of ${images.size} images could not be read: ${first.reason}`,
  ];
}

async function writePictures(
  { svg, html }: DescribeFlags,
  { graph }: ChosenChain,
  reading: ChainReading,
  { context }: Session,
): Promise<readonly string[]> {
  const pictures = [
    ...(svg === undefined ? [] : [{ file: svg, text: drawChain(graph, reading) }]),
    ...(html === undefined ? [] : [{ file: html, text: chainPage(graph, reading) }]),
  ];
  for (const { file, text } of pictures) {
    const { signal } = context;
    await writeOutput(file, once(new TextEncoder().encode(text)), { signal });
  }
  return pictures.map(({ file }) => file);
}

function documentOf(
  { configuration, graph }: ChosenChain,
  { source, units, images, links }: ChainReading,
  offline: boolean,
  written: readonly string[],
): object {
  const { repository, buildPlatform, variant, architectures, stages } = graph;
  return {
    repository,
    source,
    offline,
    buildPlatform: formatPlatform(buildPlatform),
    variant,
    architectures,
    stages: stages.map(
      ({ name, lane, kind, perArchitecture, parent, inputs, optional, build }) => ({
        name,
        lane,
        kind,
        perArchitecture,
        parent,
        inputs,
        optional,
        dockerfile: build?.dockerfile,
      }),
    ),
    units: units.map(({ platform, runsOn, ...unit }) => ({
      ...unit,
      platform: formatPlatform(platform),
      runsOn: formatPlatform(runsOn),
      image: imageDocument(images.get(unit.id), offline),
    })),
    links: links.map((link: ComparedLink) => linkDocument(link)),
    written,
    configuration: configuration.file,
  };
}

function imageDocument(image: ChainImage | undefined, offline: boolean): object {
  if (image === undefined || offline) return { state: "not-asked" };
  if (image.state === "present") return { state: image.state, digest: image.digest };
  return image.state === "absent"
    ? { state: image.state }
    : { state: image.state, reason: image.reason };
}
