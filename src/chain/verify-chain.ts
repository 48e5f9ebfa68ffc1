// SPDX-License-Identifier: MIT
import type { OpenOptions } from "../image/open-reference.ts";
import { OciError } from "../oci/errors.ts";
import type { StageGraph, StageUnit } from "./graph/stage-graph.ts";
import { selectUnits, type UnitSelection } from "./graph/select-units.ts";
import type { ChainImage } from "./images/chain-image.ts";
import { type ImageSource, openLayoutImages, openRepositoryImages } from "./images/image-source.ts";
import type { ProvenanceKeys } from "./images/provenance-keys.ts";
import type { LayoutPlaces } from "./graph/declaration.ts";
import { type ComparedLayout, compareLayout } from "./layouts/compare-layout.ts";
import { linksOf } from "./links/chain-links.ts";
import { type ComparedLink, compareLink } from "./links/compare-link.ts";
import { inTime } from "./links/in-time.ts";

/** Milliseconds after which what has not been answered counts as unreadable. */
export const PATIENCE = 20_000;

export interface ReadChainOptions extends OpenOptions, LayoutPlaces {
  readonly keys: ProvenanceKeys;
  readonly selection?: UnitSelection | undefined;
  /** False: images are in layouts, although there is a repository. */
  readonly push?: boolean | undefined;
  /** Default: {@link PATIENCE}. */
  readonly patience?: number | undefined;
}

/** What there is of a chain, and how each image stands to what it was made from. */
export interface ChainReading {
  /** Where links were compared: the repository, or `layouts` where none is configured. */
  readonly source: string;
  readonly units: readonly StageUnit[];
  /** By the id of the unit. */
  readonly images: ReadonlyMap<string, ChainImage>;
  readonly links: readonly ComparedLink[];
  readonly layouts: readonly ComparedLayout[];
}

/**
 * Reads what a chain's repository has, all at once, and compares every link by digests, and the saved layouts with
 * what is published. Without a repository, links are compared in the layouts that builds leave. What can't be read is told as that;
 * it never throws for it. No blob is read where records are annotations.
 * @throws OciError `aborted`; `invalid-argument` and `nothing-to-check` for the selection
 */
export async function readChain(
  graph: StageGraph,
  options: ReadChainOptions,
): Promise<ChainReading> {
  const units = selectUnits(graph, options.selection);
  return inTime(options.patience ?? PATIENCE, options.signal, async (signal) => {
    const layouts = openLayoutImages(options, { ...options, signal });
    if (graph.repository === undefined || options.push === false) {
      return readFrom(graph, units, layouts, layouts, options);
    }
    const published = await openRepositoryImages(graph, { ...options, signal });
    try {
      return await readFrom(graph, units, published, layouts, options);
    } finally {
      await published.close();
    }
  });
}

async function readFrom(
  graph: StageGraph,
  units: readonly StageUnit[],
  source: ImageSource,
  layouts: ImageSource,
  { keys }: ReadChainOptions,
): Promise<ChainReading> {
  const saved = source === layouts ? [] : units;
  const [read, links, compared] = await Promise.all([
    Promise.all(units.map(async (unit) => [unit.id, await source.image(unit)] as const)),
    Promise.all(linksOf(graph, units, keys).map((link) => compareLink(link, source))),
    Promise.all(saved.map((unit) => compareLayout(unit, layouts, source, keys.runId))),
  ]);
  return {
    source: source.name,
    units,
    images: new Map(read),
    links,
    layouts: compared.filter((one) => one !== undefined),
  };
}

/** The answer of a check of all links and layouts. */
export interface ChainVerdict {
  readonly compared: number;
  readonly fresh: number;
  readonly stale: number;
  readonly unknown: number;
  /** Layouts that must not go over what is published: older, or different without an order. */
  readonly outdated: number;
  /** `holds` only if something was compared, and everything could be. */
  readonly answer: "holds" | "does-not-hold" | "unknown";
}

/**
 * Sums a reading up. Something stale or outdated decides; otherwise one unknown link is enough for no answer.
 * @throws OciError `unreachable` or `unreadable` when no link could be compared because nothing could be read;
 *   `nothing-to-check` when there was none
 */
export function judgeChain({ source, links, layouts, images }: ChainReading): ChainVerdict {
  const count = (state: string): number =>
    links.filter(({ outcome }) => outcome.state === state).length;
  const fresh = count("fresh");
  const stale = count("stale");
  const unknown =
    links.length -
    fresh -
    stale +
    layouts.filter(({ outcome }) => outcome.state === "unknown").length;
  const outdated = layouts.filter(
    ({ outcome }) => outcome.state === "older" || outcome.state === "differs",
  ).length;
  const compared = fresh + stale;
  if (compared === 0) throw nothingCompared(source, links, images);
  const answer = stale + outdated > 0 ? "does-not-hold" : unknown > 0 ? "unknown" : "holds";
  return { compared, fresh, stale, unknown, outdated, answer };
}

function nothingCompared(
  source: string,
  links: readonly ComparedLink[],
  images: ChainReading["images"],
): OciError {
  const failed = [...images.values()].find((image) => image.state === "unreadable");
  const reasons = links.map(({ id, outcome }) => ({
    link: id,
    reason: "reason" in outcome ? outcome.reason : "",
  }));
  if (failed !== undefined) {
    const { error } = failed;
    const code = error instanceof OciError && error.code !== "aborted" ? error.code : "unreachable";
    return new OciError(code, `${source}: no link could be compared: ${failed.reason}`, {
      details: { source, links: reasons },
      hint: "Nothing is known of the chain: this is not the same as fresh.",
      cause: error,
    });
  }
  const [first] = reasons;
  const why = first === undefined ? "there is none" : `${first.link}: ${first.reason}`;
  return new OciError(
    "nothing-to-check",
    `${source}: expected links to compare, got none: ${why}`,
    {
      details: { source, links: reasons },
      hint: "oci-kit chain plan says what is not built yet.",
    },
  );
}
